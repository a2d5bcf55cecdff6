"""CPU time and system calls per unit of work."""

import contextlib
import re
import shutil
import signal
import statistics
import time

from . import programs
from .programs import BenchError

MIB = 1 << 20
EMPTY_WINDOWS = 4


def units_done(result, unit):
    done = result["bytes"] / MIB if unit == "MiB" else result["units"]
    if not done:
        raise BenchError(f"no work was done in a window: {result}")
    return done


@contextlib.contextmanager
def two_poolers(work, case):
    """The subject and what it is compared with, fresh, in front of one backend; two workers get a backend of their own.

    The backend of the two-worker cases works on any CPU, beside the workers, and what it spends on the connections of
    the pooler whose turn it is not would come out of their time."""
    free = case.against_one_worker
    cpus = work.placement.all if free else None
    prefix = work.placement.on(cpus) if free else None
    other = work.subject if free else work.reference
    with work.backend(prefix) as backend, contextlib.ExitStack() as stack:
        other_backend = stack.enter_context(work.backend(prefix)) if free else backend
        first = work.relay(backend) if case.relay else \
            work.pooler(work.subject, databases(backend), auth=case.auth, workers=case.workers, cpus=cpus)
        with first as subject, \
                work.pooler(other, databases(other_backend), auth=case.auth, cpus=cpus) as reference:
            yield subject, reference


def databases(backend):
    return {"bench": backend.address}


def start_load(work, case, pooler):
    cpus = work.placement.all if case.against_one_worker else work.placement.others
    if case.unit == "transaction":
        window = ["--seconds", work.options.seconds, "--warmup", work.options.warmup]
    else:
        window = ["--count", work.options.copies if case.unit == "MiB" else work.options.logins]
    load = case.load if case.relay else load_for(pooler.kind, case.load)
    arguments = [*pooler.target(case.tls), *load, *window, "--watch-pid", pooler.pid,
                 "--step"]
    return programs.Load(work, arguments, work.placement.on(cpus))


def cpu_of(load, unit):
    """One window: microseconds of CPU per unit, and the share of the time the pooler was running.

    On a busy machine a program may get no CPU for longer than a window; such a window is repeated and counted."""
    for empty in range(EMPTY_WINDOWS):
        result = load.window()
        if result["units"] or result["bytes"]:
            break
    done = units_done(result, unit)
    return {"us": result["cpu_seconds"] * 1e6 / done, "busy": result["cpu_seconds"] / result["seconds"],
            "per_second": done / result["seconds"], "p50_us": result["p50_us"], "p99_us": result["p99_us"],
            "connection": result["connection"], "empty_windows": empty}


def measure_cpu(work, case):
    """The median of per-round ratios, over several pairs of freshly started poolers.

    A process keeps what chance gave it at its start (addresses, who is accepted where) and differs by a few percent
    from the next one. Two workers need every CPU, where the scheduler's choices add noise: three times the pairs."""
    rounds = []
    for _ in range(work.options.pairs * (3 if case.against_one_worker else 1)):
        rounds += measure_pair(work, case)
    return summary(rounds, case)


def measure_pair(work, case):
    """Alternating windows of one pair of poolers, subject then reference; the ratio is taken per round."""
    rounds = []
    with two_poolers(work, case) as (subject, reference), start_load(work, case, subject) as ours, \
            start_load(work, case, reference) as theirs:
        for load in (ours, theirs):
            load.event("ready")
            load.window()  # not counted: first use of buffers, code and connections
        for _ in range(work.options.rounds):
            sides = {"subject": cpu_of(ours, case.unit), "reference": cpu_of(theirs, case.unit)}
            rounds.append({**sides, "ratio": sides["subject"]["us"] / sides["reference"]["us"]})
    return rounds


def summary(rounds, case):
    ratios = [r["ratio"] for r in rounds]
    row = {"ratio": statistics.median(ratios), "min": min(ratios), "max": max(ratios), "target": case.target,
           "unit": case.unit, "rounds": rounds}
    for side in ("subject", "reference"):
        row[side + "_us"] = statistics.median(r[side]["us"] for r in rounds)
        row[side + "_empty_windows"] = sum(r[side]["empty_windows"] for r in rounds)
        row[side + "_busy"] = statistics.median(r[side]["busy"] for r in rounds)
    return row


def load_for(kind, load):
    """A pooler that cannot pool prepared statements is given the extended protocol instead."""
    return load if kind.pools_prepared else tuple("extended" if word == "prepared" else word for word in load)


def parse_strace(text):
    """Calls by name and their sum, from the table strace -c prints."""
    calls = {}
    for line in text.splitlines():
        row = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        if row:
            calls[row[2]] = int(row[1])
    total = calls.pop("total", sum(calls.values()))
    return calls, total


def trace_calls(work, pooler, load, count):
    """Runs `count` units of load under strace; returns calls by name, their sum, and the load's result."""
    table = pooler.directory / "calls.txt"
    with programs.Load(work, [*load, "--count", count, "--step"], work.placement.on(work.placement.others)) as run:
        run.event("ready")
        run.window()  # not counted: server connections are opened here
        log = pooler.directory / "strace.log"
        with programs.Program(["strace", "-c", "-f", "-o", table, "-p", pooler.pid], log) as strace:
            strace.wait_until(lambda: "attached" in log.read_text(), "strace")
            time.sleep(0.1)
            result = run.window()
            strace.stop(signal.SIGINT)
        run.finish()
    calls, total = parse_strace(table.read_text())
    return calls, total, result


def measure_calls(work, case):
    if not shutil.which("strace"):
        raise BenchError("strace is not installed")
    row = {"target": case.target, "unit": case.unit}
    with work.backend() as backend:
        for side, kind in (("subject", work.subject), ("reference", work.reference)):
            with work.pooler(kind, databases(backend)) as pooler:
                load = load_for(kind, case.load)
                count = work.options.call_count if case.unit == "transaction" else 1
                calls, total, result = trace_calls(work, pooler, [*pooler.target(case.tls), *load], count)
                done = units_done(result, case.unit)
                row[side] = total / done
                row[side + "_calls"] = {name: round(n / done, 3) for name, n in calls.items()}
    return row
