"""A running pooler: uvbouncer or the original, with the configuration a test asks for."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time
from dataclasses import dataclass

import psycopg

from . import messages as m
from . import net
from .wire import Wire

SANITIZER_REPORT = re.compile(r"ERROR: (Address|Leak)Sanitizer|runtime error:|WARNING: ThreadSanitizer|Assertion .* failed")


@dataclass(frozen=True)
class Kind:
    """Which program: `name` is "pgbouncer" or "uvbouncer", `workers` its worker_threads (uvbouncer only)."""

    name: str
    path: str
    workers: int = 1

    @property
    def is_uvbouncer(self):
        return self.name == "uvbouncer"


def _ini_section(name, values):
    lines = [f"{key} = {value}\n" for key, value in values.items() if value is not None]
    return f"[{name}]\n" + "".join(lines) + "\n"


class Pooler:
    """Writes pgbouncer.ini and userlist.txt into `directory` and starts the program.

    `settings` override the defaults below (None leaves a setting out), `databases` map names to connection strings,
    `users` map names to secrets for the auth_file, `user_settings` are the [users] section and `uvbouncer` the section
    of that name. `ini` replaces the whole text instead."""

    def __init__(self, kind, directory, databases, settings=None, users=None, user_settings=None, uvbouncer=None,
                 ini=None, arguments=(), start=True):
        self.kind, self.directory = kind, directory
        self.port = net.free_port()
        self.ini_path = os.path.join(directory, "pgbouncer.ini")
        self.userlist_path = os.path.join(directory, "userlist.txt")
        self.log_path = os.path.join(directory, "pgbouncer.log")
        self.pidfile = os.path.join(directory, "pgbouncer.pid")
        self.stderr_path = os.path.join(directory, "stderr.txt")
        self.databases, self.user_settings = dict(databases), dict(user_settings or {})
        self.uvbouncer = {"worker_threads": kind.workers, **(uvbouncer or {})}
        self.settings = {**self._defaults(), **(settings or {})}
        self.users = {"alice": "", "bob": "", "carol": "", "admin": "", "stats": "", **(users or {})}
        self._ini, self._arguments = ini, list(arguments)
        self.process, self.exit_code = None, None
        self.write()
        if start:
            self.start()

    def _defaults(self):
        return {
            "listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": self.directory,
            "auth_type": "trust", "auth_file": self.userlist_path, "pool_mode": "session", "admin_users": "admin",
            "stats_users": "stats", "logfile": self.log_path, "pidfile": self.pidfile, "server_login_retry": 1,
        }

    # --- configuration

    def write(self):
        """(Re)writes the configuration files from the attributes."""
        text = self._ini
        if text is None:
            text = _ini_section("databases", self.databases) + _ini_section("users", self.user_settings)
            text += _ini_section("pgbouncer", self.settings)
            if self.kind.is_uvbouncer:
                text += _ini_section("uvbouncer", self.uvbouncer)
        with open(self.ini_path, "w") as ini:
            ini.write(text)
        quote = lambda value: '"' + value.replace('"', '""') + '"'
        with open(self.userlist_path, "w") as userlist:
            userlist.writelines(f"{quote(name)} {quote(secret)}\n" for name, secret in self.users.items())

    def reload(self, **settings):
        """Changes settings in the file and reloads; fails when RELOAD does."""
        self.settings.update(settings)
        self.write()
        self.admin("RELOAD")

    # --- the process

    @property
    def socket_path(self):
        return os.path.join(self.settings["unix_socket_dir"], f".s.PGSQL.{self.port}")

    def start(self, wait=True):
        environment = {**os.environ, "TZ": "UTC",
                       "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1:strict_string_checks=1",
                       "UBSAN_OPTIONS": "print_stacktrace=1",
                       "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1"}
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen([self.kind.path, *self._arguments, self.ini_path], stdout=stderr,
                                            stderr=stderr, stdin=subprocess.DEVNULL, env=environment)
        self.exit_code = None
        if wait:
            net.wait_for(self._ready, 10, "the pooler to listen")

    def _ready(self):
        assert self.process.poll() is None, f"the pooler ended at once:\n{self.stderr()}"
        # The pidfile is written last, when all sockets listen; a probing connection would count against limits under
        # test and tells of one socket only.
        if self.pidfile in pathlib.Path(self.ini_path).read_text(errors="replace"):
            return os.path.exists(self.pidfile) and os.path.getsize(self.pidfile) > 0
        return net.can_connect(self.port)

    def signal(self, number):
        self.process.send_signal(number)

    def threads(self):
        """Their folders in /proc."""
        return list(pathlib.Path(f"/proc/{self.process.pid}/task").iterdir())

    @contextlib.contextmanager
    def stopped(self):
        """No thread of the pooler runs meanwhile: what comes then is all there in its next turn."""
        def states():
            return {(task / "stat").read_text().rpartition(")")[2].split()[0] for task in self.threads()}

        self.signal(signal.SIGSTOP)
        try:
            net.wait_for(lambda: states() == {"T"}, what="the pooler to stop")
            yield
        finally:
            self.signal(signal.SIGCONT)

    def wait_exit(self, timeout=10):
        """Waits until the process ended by itself and returns its exit code."""
        self.exit_code = self.process.wait(timeout * net.patience)
        self.process = None
        return self.exit_code

    def stop(self):
        """Ends the process at once, if it still runs, and checks exit code and stderr."""
        if self.process is not None:
            early = self.process.poll()
            assert early is None, f"the pooler had ended with {early}:\n{self.stderr()[-4000:]}"
            # PgBouncer 1.18 does not know SIGQUIT; its SIGTERM means at once, uvbouncer's waits for clients.
            self.process.send_signal(signal.SIGQUIT if self.kind.is_uvbouncer else signal.SIGTERM)
            try:
                code = self.wait_exit(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.wait_exit()
                raise AssertionError("the pooler did not obey SIGQUIT") from None
            assert code == 0 or not self.kind.is_uvbouncer, f"exit code {code}:\n{self.stderr()[-4000:]}"
        self.check_stderr()

    def check_stderr(self):
        found = SANITIZER_REPORT.search(self.stderr())
        assert not found, self.stderr()[max(0, found.start() - 200):found.start() + 6000]

    def stderr(self):
        with open(self.stderr_path, errors="replace") as stderr:
            return stderr.read()

    def log(self):
        """The log so far; empty while there is no log file."""
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def wait_log(self, text, timeout=10):
        """Waits until the log contains the text."""
        net.wait_for(lambda: text in self.log(), timeout, f"{text!r} in the log")

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    # --- clients

    def wire(self, unix=False, timeout=10.0):
        """A raw connection, nothing sent yet."""
        return Wire(self.socket_path if unix else self.port, timeout)

    def login(self, user="alice", database="p0", password="", **parameters):
        """A raw connection, logged in over TCP."""
        return self.wire().login(user, database, password, **parameters)

    def console(self):
        """A raw connection to the console as the own user over the Unix socket."""
        return self.wire(unix=True).login("pgbouncer", "pgbouncer")

    def admin(self, command):
        """Runs one console command and returns its rows as lists; an ERROR raises ServerError."""
        with self.console() as console:
            return console.rows(command)

    def admin_error(self, command):
        """Runs one console command that must fail with an ERROR and returns its text."""
        with self.console() as console:
            errors = [x.fields for x in console.query(command) if x.kind == "E"]
        assert [x["S"] for x in errors] == ["ERROR"], f"{command}: {errors}"
        return errors[0]["M"]

    def show(self, what):
        """The rows of a SHOW command as dictionaries."""
        with self.console() as console:
            received = console.query(f"SHOW {what}")
            assert received[0].kind == "T", received[0]
            names = [column[0] for column in received[0].columns]
            return [dict(zip(names, values)) for values in m.rows(received)]

    def pool(self, database="p0", user="alice"):
        """The row of SHOW POOLS as numbers (words stay words), None when there is no such pool."""
        for row in self.show("POOLS"):
            if (row["database"], row["user"]) == (database, user):
                return {k: int(v) if v and v.isdigit() else v for k, v in row.items()}
        return None

    def wait_pool(self, database="p0", user="alice", timeout=10, **counts):
        """Waits until these columns of SHOW POOLS have these values."""
        def holds():
            row = self.pool(database, user)
            return row is not None and all(row[name] == value for name, value in counts.items())
        net.wait_for(holds, timeout, f"SHOW POOLS {counts}, last {self.pool(database, user)}", 0.05)

    def wait_quiet(self, seconds=1.0):
        time.sleep(seconds * net.patience)

    def connect(self, user="alice", database="p0", autocommit=True, **options):
        """A psycopg connection over TCP."""
        options.setdefault("sslmode", "disable")
        options.setdefault("gssencmode", "disable")
        return psycopg.connect(host=options.pop("host", "127.0.0.1"), port=self.port, user=user, dbname=database,
                               autocommit=autocommit, **options)
