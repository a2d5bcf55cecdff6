"""What is measured, and the targets."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class CpuCase:
    """CPU time of the pooler per unit of work, as a ratio to the reference."""

    name: str
    target: float | None
    unit: str                      # transaction, MiB or login
    load: tuple                    # options of the load generator
    tls: bool = False
    auth: str = "trust"
    workers: int = 1
    against_one_worker: bool = False  # the reference is the subject itself with one worker
    relay: bool = False               # a relay that parses nothing takes the subject's place


def _transactions():
    targets = {(16, False): 1.0, (16, True): 1.0, (64, False): 0.8, (64, True): 0.65}
    for (clients, tls), target in targets.items():
        for mode in ("simple", "extended", "prepared"):
            load = ("--kind", "query", "--clients", clients, "--mode")
            yield CpuCase(f"{mode}-{clients}{'-tls' if tls else ''}", target, "transaction", (*load, mode), tls=tls)


BULK = {
    "copy-out-1000": ("--kind", "copy-out", "--row-bytes", 1000, "--rows", 16384),
    "copy-out-20": ("--kind", "copy-out", "--row-bytes", 20, "--rows", 500000),
    "copy-in-1000": ("--kind", "copy-in", "--row-bytes", 1000, "--rows", 16384),
}


def _bulk():
    targets = {"copy-out-1000": (0.22, 0.33), "copy-out-20": (0.2, 0.3), "copy-in-1000": (0.35, 0.5)}
    for name, load in BULK.items():
        plain, tls = targets[name]
        yield CpuCase(name, plain, "MiB", load)
        yield CpuCase(name + "-tls", tls, "MiB", load, tls=True)


def _two_workers():
    for name, unit, load, tls in (("simple-64", "transaction", ("--kind", "query", "--clients", 64), False),
                                  ("extended-64-tls", "transaction",
                                   ("--kind", "query", "--clients", 64, "--mode", "extended"), True),
                                  ("copy-out-1000", "MiB", (*BULK["copy-out-1000"], "--clients", 4), False)):
        yield CpuCase(f"workers2-{name}", 1.15, unit, load, tls=tls, workers=2, against_one_worker=True)


def _relay():
    for clients, tls in ((16, False), (16, True), (64, False), (64, True)):
        load = ("--kind", "query", "--clients", clients, "--mode", "simple")
        yield CpuCase(f"relay-simple-{clients}{'-tls' if tls else ''}", None, "transaction", load, tls=tls, relay=True)
    for name in ("copy-out-1000", "copy-in-1000"):
        for tls in (False, True):
            yield CpuCase(f"relay-{name}{'-tls' if tls else ''}", None, "MiB", BULK[name], tls=tls, relay=True)


CPU_CASES = [
    *_transactions(),
    *_bulk(),
    CpuCase("login-tls-scram", 1.0, "login", ("--kind", "connect", "--clients", 8), tls=True, auth="scram-sha-256"),
    *_two_workers(),
    *_relay(),
]


@dataclasses.dataclass(frozen=True)
class CallCase:
    """System calls of the pooler per unit of work."""

    name: str
    target: float
    unit: str
    load: tuple
    tls: bool = False


def _call_cases():
    for clients, modes, tls in ((16, ("simple", "extended", "prepared"), False),
                                (64, ("simple", "extended", "prepared"), False),
                                (16, ("simple",), True), (64, ("simple",), True)):
        for mode in modes:
            load = ("--kind", "query", "--clients", clients, "--mode", mode)
            yield CallCase(f"calls-{mode}-{clients}{'-tls' if tls else ''}", 4.5, "transaction", load, tls)
    for name, load in BULK.items():
        for tls in (False, True):
            yield CallCase(f"calls-{name}{'-tls' if tls else ''}", 80, "MiB", load, tls)


CALL_CASES = list(_call_cases())
