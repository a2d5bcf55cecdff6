"""What a benchmark run has in common: a directory, a certificate, a user list, backends and the two poolers."""

import base64
import dataclasses
import hashlib
import hmac
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from . import programs

PASSWORD = "bench"
ITERATIONS = 4096


def scram_secret(password):
    """A SCRAM-SHA-256 secret as PostgreSQL stores it (RFC 5803)."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{text[0]}${text[1]}:{text[2]}"


@dataclasses.dataclass(frozen=True)
class PoolerKind:
    """A pooler program and what it calls itself."""

    path: pathlib.Path
    version: str

    @property
    def is_uvbouncer(self):
        return "uvbouncer" in self.version

    @property
    def pools_prepared(self):
        """PgBouncer has max_prepared_statements since 1.21."""
        number = re.search(r"(\d+)\.(\d+)", self.version)
        return number is not None and (int(number[1]), int(number[2])) >= (1, 21)

    @property
    def name(self):
        return "uvbouncer" if self.is_uvbouncer else "pgbouncer"


class Work:
    """The surroundings of one run; everything in it is gone afterwards."""

    def __init__(self, options):
        self.options = options
        self.programs = options.build_dir
        self.user = programs.unprivileged_user(options.user)
        self.placement = programs.Placement(options.pin)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="uvb-bench-"))
        self.count = 0
        self.subject = self._install(options.pooler, "subject")
        self.reference = self._install(options.reference, "reference")
        self._write_certificate()
        (self.directory / "userlist.txt").write_text(f'"bench" "{scram_secret(PASSWORD)}"\n')
        self._hand_over(self.directory)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.options.keep:
            print(f"kept: {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _install(self, path, name):
        """Copies the program to where the unprivileged user may execute it."""
        if not path.is_file():
            raise programs.BenchError(f"no such program: {path}")
        copy = self.directory / name
        shutil.copy(path, copy)
        copy.chmod(0o755)
        said = subprocess.run([copy, "-V"], capture_output=True, text=True, check=False).stdout.splitlines()
        return PoolerKind(copy, said[0] if said else "unknown")

    def _write_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", self.directory / "key.pem", "-out", self.directory / "cert.pem"],
                       check=True, stderr=subprocess.DEVNULL)

    def _hand_over(self, path):
        if self.user is None:
            return
        for entry in [path, *path.iterdir()]:
            os.chown(entry, self.user.pw_uid, self.user.pw_gid)

    def new_directory(self, name):
        """A fresh subdirectory that belongs to the unprivileged user."""
        self.count += 1
        directory = self.directory / f"{name}-{self.count}"
        directory.mkdir()
        self._hand_over(directory)
        return directory

    def backend(self, prefix=None):
        return Backend(self, self.placement.on(self.placement.others) if prefix is None else prefix)

    def relay(self, backend):
        return Relay(self, backend)

    def pooler(self, kind, databases, **settings):
        return Pooler(self, kind, databases, **settings)


class Backend(programs.Program):
    """Our server that answers at once."""

    name = "backend"

    def __init__(self, work, prefix):
        self.directory = work.new_directory("backend")
        path = str(self.directory / ".s.PGSQL.5432")
        super().__init__([*prefix, work.programs / "backend", path], self.directory / "log")
        self.wait_until(lambda: os.path.exists(path) and programs.accepts(path, socket.AF_UNIX), "backend")

    @property
    def address(self):
        return f"host={self.directory} port=5432"


class Relay(programs.Program):
    """Our relay that does nothing but pass bytes, in a pooler's place."""

    name = "relay"

    def __init__(self, work, backend):
        self.port = programs.free_port()
        directory = work.new_directory("relay")
        super().__init__([*work.placement.on(work.placement.pooler), work.programs / "relay", self.port,
                          backend.directory / ".s.PGSQL.5432", work.directory / "cert.pem",
                          work.directory / "key.pem"], directory / "log")
        self.wait_until(lambda: programs.accepts(("127.0.0.1", self.port), socket.AF_INET), "relay")

    def target(self, tls=False):
        """The load generator's options that lead here."""
        return ["--port", self.port, *(["--tls"] if tls else [])]


class Pooler(programs.Program):
    """One of the two poolers, in front of `databases` (name to connection string)."""

    def __init__(self, work, kind, databases, *, auth="trust", workers=1, pool=16, cpus=None):
        self.kind = kind
        self.name = kind.name
        self.port = programs.free_port()
        self.work = work
        self.directory = work.new_directory(kind.name)
        ini = self.directory / "pooler.ini"
        ini.write_text(self._settings(databases, auth, workers, pool))
        prefix = work.placement.on(work.placement.pooler if cpus is None else cpus)
        super().__init__([*prefix, *programs.as_user(work.user), kind.path, "-q", ini], self.directory / "log")
        self.wait_until(lambda: programs.accepts(("127.0.0.1", self.port), socket.AF_INET), str(kind.path))

    def _settings(self, databases, auth, workers, pool):
        shared = self.work.directory
        lines = ["[databases]"]
        lines += [f"{name} = {address} dbname={name}" for name, address in databases.items()]
        lines += [
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {self.port}",
            "unix_socket_dir =",
            f"auth_type = {auth}",
            f"auth_file = {shared}/userlist.txt",
            "pool_mode = transaction",
            "max_client_conn = 6000",
            f"default_pool_size = {pool}",
            "server_idle_timeout = 0",
            "log_connections = 0",
            "log_disconnections = 0",
            "log_stats = 0",
            f"logfile = {self.directory}/pooler.log",
            "client_tls_sslmode = prefer",
            f"client_tls_key_file = {shared}/key.pem",
            f"client_tls_cert_file = {shared}/cert.pem",
        ]
        if self.kind.pools_prepared:
            lines.append("max_prepared_statements = 200")
        if self.kind.is_uvbouncer:
            lines += ["[uvbouncer]", f"worker_threads = {workers}"]
        return "\n".join(lines) + "\n"

    def target(self, tls=False):
        """The load generator's options that lead here."""
        return ["--port", self.port, "--password", PASSWORD, *(["--tls"] if tls else [])]

    def resident_kib(self):
        """Resident memory, exact (the kernel's quick counters lag behind)."""
        for line in pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1])
        raise programs.BenchError("no Rss in smaps_rollup")

    def stop(self, by=signal.SIGTERM, limit=5.0):
        super().stop(by, limit)
