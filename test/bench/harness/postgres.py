"""pgbench on a real PostgreSQL behind both poolers."""

import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import time

from . import programs
from .measure import load_for
from .programs import BenchError

MODES = ("simple", "extended", "prepared")


def find_program(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    path = found[0] if found else shutil.which(name)
    if not path:
        raise BenchError(f"{name} is not installed")
    return path


class Postgres(programs.Program):
    """A cluster of its own on a Unix socket, without fsync."""

    name = "PostgreSQL"

    def __init__(self, work):
        self.directory = work.new_directory("postgres")
        user = programs.as_user(work.user)
        data = self.directory / "data"
        subprocess.run([*user, find_program("initdb"), "-D", data, "-U", "bench", "--auth=trust", "-N", "-E", "UTF8",
                        "--locale=C"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        path = str(self.directory / ".s.PGSQL.5432")
        settings = {"listen_addresses": "", "unix_socket_directories": self.directory, "fsync": "off",
                    "max_connections": 100, "autovacuum": "off"}
        super().__init__([*work.placement.on(work.placement.others), *user, find_program("postgres"), "-D", data,
                          *(f"--{name}={value}" for name, value in settings.items())], self.directory / "log",
                         cwd="/")
        self.wait_until(lambda: os.path.exists(path) and programs.accepts(path, socket.AF_UNIX), "PostgreSQL")
        self._fill()

    def _fill(self):
        for command in (["createdb", "-h", self.directory, "-U", "bench", "bench"],
                        ["pgbench", "-h", self.directory, "-U", "bench", "-i", "-q", "bench"]):
            for _ in range(50):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode == 0 or "starting up" not in done.stderr:
                    break
                time.sleep(0.1)
            if done.returncode != 0:
                raise BenchError(f"{command[0]}: {done.stderr.strip()}")

    @property
    def address(self):
        return f"host={self.directory} port=5432"


def process_cpu(pid):
    """Seconds of CPU, user and system, all threads (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def pgbench(work, pooler, mode):
    mode = load_for(pooler.kind, (mode,))[0]
    before = process_cpu(pooler.pid)
    done = subprocess.run(
        [*map(str, work.placement.on(work.placement.others)), "pgbench", "-h", "127.0.0.1", "-p", str(pooler.port),
         "-U", "bench", "-S", "-n", "-M", mode, "-c", "16", "-T", str(work.options.pgbench_seconds), "bench"],
        capture_output=True, text=True, check=False)
    used = process_cpu(pooler.pid) - before
    transactions = re.search(r"actually processed: (\d+)", done.stdout)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode != 0 or not transactions or not rate:
        raise BenchError(f"pgbench: {done.stderr.strip().splitlines()[-1:]}")
    return {"us": used * 1e6 / int(transactions[1]), "tps": float(rate[1])}


def measure_pgbench(work):
    """Per mode: transactions per second and CPU of the pooler per transaction, median of the rounds."""
    rows = {}
    with Postgres(work) as server:
        databases = {"bench": server.address}
        with work.pooler(work.subject, databases) as subject, work.pooler(work.reference, databases) as reference:
            for mode in MODES:
                rounds = [(pgbench(work, subject, mode), pgbench(work, reference, mode))
                          for _ in range(work.options.pgbench_rounds)]
                rows[mode] = {
                    side: {key: statistics.median(r[i][key] for r in rounds) for key in ("us", "tps")}
                    for i, side in enumerate(("subject", "reference"))}
                ratios = [ours["us"] / theirs["us"] for ours, theirs in rounds]
                rows[mode]["ratio"] = statistics.median(ratios)
                rows[mode]["min"], rows[mode]["max"] = min(ratios), max(ratios)
    return rows
