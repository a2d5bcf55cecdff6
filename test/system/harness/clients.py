"""Drivers as users have them: each function runs a driver's program and returns what it printed."""

import json
import os
import subprocess

from . import net

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _run(command, **environment):
    """Runs a program; its output, or a ClientError with what it said on stderr."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * net.patience,
                          env={**os.environ, **environment})
    if done.returncode != 0:
        raise ClientError(done.stderr or done.stdout)
    return done.stdout


class ClientError(Exception):
    """A client program failed; the text is what it said."""


def psql(conninfo, *commands, library_path=None, **environment):
    """Runs psql with one -c per command; unaligned tuples only."""
    if library_path:
        environment["LD_LIBRARY_PATH"] = library_path
    arguments = [x for command in commands for x in ("-c", command)]
    return _run(["/usr/lib/postgresql/15/bin/psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments,
                 conninfo], **environment)


def node_pg(deps, job):
    """node-pg: `job` as clients/node/client.js describes; the rows of each query."""
    output = _run(["node", f"{HERE}/clients/node/client.js", json.dumps(job)], NODE_DEPS=f"{deps}/node/node_modules")
    return [json.loads(line) for line in output.splitlines()]


def pgjdbc(deps, url, user, password, *queries, sessions=1, times=6):
    """pgjdbc: tab separated rows."""
    classpath = f"{deps}/java/classes:{deps}/java/postgresql.jar"
    return _run(["java", "-XX:TieredStopAtLevel=1", "-cp", classpath, "Client", url, user, password, str(sessions),
                 str(times), *queries])


def lib_pq(deps, url, *queries, sessions=1):
    """Go's lib/pq: tab separated rows, each query once plain and once prepared."""
    return _run([f"{deps}/go/libpq", url, str(sessions), *queries])


def pgx(deps, url, *queries, sessions=1, times=2):
    """Go's pgx: tab separated rows."""
    return _run([f"{deps}/go/pgx", url, str(sessions), str(times), *queries])
