"""Resident memory: a slow reader of a big result, and many clients that do nothing."""

import contextlib
import threading
import time

from . import programs

MIB = 1024.0  # in KiB
SETTLE = 1.0


class PeakWatch:
    """Samples the resident memory of a pooler until the block ends."""

    def __init__(self, pooler):
        self.pooler = pooler
        self.peak = pooler.resident_kib()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.over.wait(0.02):
            self.peak = max(self.peak, self.pooler.resident_kib())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def both(work, action):
    """Runs `action(pooler)` on both poolers at once; answers {"subject": ..., "reference": ...}."""
    results, problems = {}, []

    def one(side, pooler):
        try:
            results[side] = action(pooler)
        except Exception as problem:  # a thread's failure must reach the caller
            problems.append(problem)

    with contextlib.ExitStack() as stack:
        backend = stack.enter_context(work.backend())
        threads = []
        for side, kind in (("subject", work.subject), ("reference", work.reference)):
            pooler = stack.enter_context(work.pooler(kind, {"bench": backend.address}))
            threads.append(threading.Thread(target=one, args=(side, pooler)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if problems:
        raise problems[0]
    return results


def slow_reader(work, tls):
    """MiB above idle at the worst moment while a result goes to a client that reads slowly."""
    options = work.options
    rows = options.slow_bytes // 1011

    def action(pooler):
        arguments = [*pooler.target(tls), "--kind", "slow", "--row-bytes", 1000, "--rows", rows, "--rate",
                     options.slow_rate, "--step"]
        with programs.Load(work, arguments, work.placement.on(work.placement.others)) as load:
            load.event("ready")
            idle = pooler.resident_kib()
            with PeakWatch(pooler) as watch:
                result = load.window()
            return {"idle_mib": idle / MIB, "above_idle_mib": (watch.peak - idle) / MIB, "bytes": result["bytes"],
                    "seconds": result["seconds"]}

    row = both(work, action)
    row["target"] = 10.0
    return row


def idle_clients(work, tls):
    """KiB per client: logged in and idle, after each got a result, after all have left."""
    clients = work.options.idle_clients

    def action(pooler):
        base = pooler.resident_kib()
        arguments = [*pooler.target(tls), "--kind", "burst", "--clients", clients, "--row-bytes", 1000, "--rows", 64,
                     "--step"]
        row = {"base_mib": base / MIB}
        with programs.Load(work, arguments, work.placement.on(work.placement.others)) as load:
            for event, name, answer in (("ready", "idle_kib", "go"), ("result", "after_burst_kib", "end"),
                                        ("left", "after_leaving_kib", "end")):
                load.event(event)
                time.sleep(SETTLE)
                row[name] = (pooler.resident_kib() - base) / clients
                load.say(answer)
        return row

    row = both(work, action)
    row["clients"] = clients
    return row
