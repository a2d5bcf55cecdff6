"""Does one kind of client suffer from another? Steady queries alone, beside TLS logins, beside downloads."""

import contextlib
import time

from . import programs

STEADY = ("--kind", "query", "--mode", "simple", "--clients", 8, "--rate", 1000)
LOGINS = ("--kind", "connect", "--rate", 200)
DOWNLOADS = ("--kind", "copy-out", "--clients", 4, "--row-bytes", 1000, "--rows", 65536)


def disturbance(work, pooler, name, seconds):
    """The load beside the steady one, started; None for none."""
    if name == "alone":
        return None
    arguments = LOGINS if name == "logins" else DOWNLOADS
    target = pooler.target(tls=name == "logins")
    lasting = ["--warmup", 0, "--seconds", seconds + 1.5]
    return programs.Load(work, [*target, "--database", "bulk", *arguments, *lasting],
                         [*work.placement.on(work.placement.all), *work.placement.last_in_line()])


def percentiles(work, steady, pooler, name):
    seconds = work.options.latency_seconds
    with contextlib.ExitStack() as stack:
        beside = disturbance(work, pooler, name, seconds)
        if beside:
            stack.enter_context(beside).event("ready")
            time.sleep(0.5)
        result = programs.run_load(work, [*pooler.target(), *STEADY, "--seconds", seconds, "--warmup", 0.3],
                                   steady)
        row = {"p50_us": result["p50_us"], "p99_us": result["p99_us"], "max_us": result["max_us"],
               "queries_per_second": result["units"] / result["seconds"]}
        if beside:
            done = beside.event("result")
            row["beside_per_second"] = done["units"] / done["seconds"]
            row["beside_mib_per_second"] = done["bytes"] / done["seconds"] / (1 << 20)
            beside.event("left")
        return row


def measure_latency(work, name):
    """Both poolers may use every CPU: what is asked is whether a login or a download delays a query. Who asks has a
    CPU of its own, so that it does not delay its own questions."""
    placement = programs.Placement(True)
    row = {}
    steady = [*placement.on(placement.others), *placement.first_in_line()]
    with work.backend(steady) as quick, work.backend(placement.last_in_line()) as bulk:
        databases = {"bench": quick.address, "bulk": bulk.address}
        for side, kind in (("subject", work.subject), ("reference", work.reference)):
            with work.pooler(kind, databases, auth="scram-sha-256", cpus=placement.all) as pooler:
                row[side] = percentiles(work, steady, pooler, name)
    return row
