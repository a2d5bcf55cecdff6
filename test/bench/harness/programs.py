"""Builds and runs the programs a measurement needs: backend, load generator, poolers, PostgreSQL."""

import atexit
import json
import os
import pathlib
import pwd
import select
import shlex
import shutil
import signal
import socket
import subprocess
import time

BENCH = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCH.parent.parent
BACKEND_SOURCES = ["backend.cc", "backend_session.cc", "backend_statement.cc", "wire.cc"]
LOAD_SOURCES = ["load.cc", "scenario.cc", "driver.cc", "client.cc", "channel.cc", "scram_client.cc", "wire.cc"]
RELAY_SOURCES = ["relay.cc", "wire.cc"]
START_LIMIT = 10.0
EVENT_LIMIT = 180.0


class BenchError(Exception):
    """A measurement could not be taken."""


def build_programs(directory):
    """Compiles backend, load and relay into `directory` where they are older than their sources."""
    directory.mkdir(parents=True, exist_ok=True)
    used = [BENCH / name for name in {*BACKEND_SOURCES, *LOAD_SOURCES, *RELAY_SOURCES}] + list(BENCH.glob("*.h"))
    newest = max(path.stat().st_mtime for path in used)
    compiler = shlex.split(os.environ.get("CXX", "g++"))
    tls = ["-lssl", "-lcrypto"]
    for name, sources, libraries in (("backend", BACKEND_SOURCES, []), ("load", LOAD_SOURCES, tls),
                                     ("relay", RELAY_SOURCES, tls)):
        program = directory / name
        if program.exists() and program.stat().st_mtime > newest:
            continue
        fresh = directory / (name + ".new")
        subprocess.run([*compiler, "-std=c++2b", "-O2", "-g", *(str(BENCH / s) for s in sources), "-o", str(fresh),
                        *libraries], check=True)
        fresh.rename(program)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def set_priority(niceness):
    """Ours and our children's, against everybody else.

    With autogroups (sched(7)) niceness counts inside the session only; the session has one of its own."""
    os.nice(niceness)
    group = pathlib.Path("/proc/self/autogroup")
    if group.exists():
        before = group.read_text().rsplit(maxsplit=1)[-1]
        group.write_text(str(niceness))
        atexit.register(group.write_text, before)


def unprivileged_user(wanted):
    """The passwd entry programs are run as; None when we are not root ourselves."""
    if os.geteuid() != 0:
        return None
    for name in [wanted] if wanted else ["uvbtest", "nobody"]:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise BenchError(f"no such user: {wanted or 'uvbtest, nobody'}")


class Placement:
    """Which CPUs a program runs on and how it is scheduled, as a command prefix."""

    def __init__(self, pin):
        cpus = sorted(os.sched_getaffinity(0))
        self.pinned = pin and len(cpus) > 1
        self.all = cpus
        self.pooler = [cpus[1]] if self.pinned else cpus
        self.others = [c for c in cpus if c != cpus[1]] if self.pinned else cpus
        self.realtime = shutil.which("chrt") and subprocess.run(
            ["chrt", "-f", "1", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0

    @staticmethod
    def on(cpus):
        return ["taskset", "-c", ",".join(map(str, cpus))] if shutil.which("taskset") else []

    def first_in_line(self):
        """For a program whose own delays must not show in what it measures."""
        return ["chrt", "-f", "1"] if self.realtime else []

    @staticmethod
    def last_in_line():
        return ["nice", "-n", "19"]


def as_user(user):
    if user is None:
        return []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


class Program:
    """A child process that is ended with the block it is used in."""

    name = "program"

    def __init__(self, command, log, **options):
        self.log = log
        self.stopped = False
        with open(log, "ab") as errors:
            self.process = subprocess.Popen([str(c) for c in command], stderr=errors, **options)

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.check_alive()
        finally:
            self.stop()

    def stop(self, by=signal.SIGTERM, limit=10.0):
        self.stopped = True
        if self.process.poll() is None:
            self.process.send_signal(by)
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def check_alive(self):
        """A server that died by itself fails the case, whatever the load generator made of it."""
        code = self.process.poll()
        if code is not None and not self.stopped:
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with status {code}"
            raise BenchError(f"{self.name} {how}")

    def wait_until(self, answers, what):
        deadline = time.monotonic() + START_LIMIT
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = pathlib.Path(self.log).read_text(errors="replace").strip().splitlines()[-3:]
                raise BenchError(f"{what} did not start: {' | '.join(tail) or 'no message'}")
            time.sleep(0.02)


def accepts(address, family):
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


class Load(Program):
    """The load generator; its results arrive as events."""

    name = "load generator"

    def __init__(self, work, arguments, prefix=()):
        command = [*prefix, work.programs / "load", *map(str, arguments)]
        super().__init__(command, work.directory / "load.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         bufsize=0)
        self.lines = b""

    def event(self, name):
        """Waits for the event `name` and returns it."""
        deadline = time.monotonic() + EVENT_LIMIT
        while b"\n" not in self.lines:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                raise BenchError(f"load generator: no {name}: {self.last_words()}")
            self.lines += piece
        line, self.lines = self.lines.split(b"\n", 1)
        event = json.loads(line)
        if event["event"] != name:
            raise BenchError(f"load generator: {event['event']} instead of {name}")
        return event

    def say(self, word):
        """With --step: "go" asks for a window, anything else for the end."""
        self.process.stdin.write(word.encode() + b"\n")

    def window(self):
        self.say("go")
        return self.event("result")

    def finish(self):
        self.say("end")
        self.event("left")
        self.say("end")

    def check_alive(self):
        """It ends by itself; its failures are noticed by event()."""

    def last_words(self):
        return (pathlib.Path(self.log).read_text(errors="replace").strip().splitlines() or ["no message"])[-1]


def run_load(work, arguments, prefix=()):
    """One unattended run; returns its result event."""
    with Load(work, arguments, prefix) as load:
        load.event("ready")
        result = load.event("result")
        load.event("left")
        return result
