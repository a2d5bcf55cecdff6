"""Ports, waiting and temporary directories."""

import itertools
import os
import shutil
import socket
import tempfile
import time
from contextlib import contextmanager

# Below the range from which the kernel takes ports for outgoing connections, so that a free port stays free.
_FIRST_PORT, _LAST_PORT = 12000, 32000


def _port_sequence():
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    span = 2000
    start = _FIRST_PORT + int(worker[2:]) * span + (os.getpid() * 7) % span
    for i in itertools.count():
        yield _FIRST_PORT + (start - _FIRST_PORT + i) % (_LAST_PORT - _FIRST_PORT)


_ports = _port_sequence()


def free_port():
    """A TCP port nobody listens on, not given out before by this process."""
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
                return port
            except OSError:
                continue


# How much longer everything may take: sanitizer builds are slow. Set once by conftest.py.
patience = 1.0


def wait_for(condition, timeout=10.0, what="condition", interval=0.03):
    """Calls condition() until it returns something true and returns that; fails after timeout seconds."""
    deadline = time.monotonic() + timeout * patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out waiting for {what}")
        time.sleep(interval)


def can_connect(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False


@contextmanager
def scratch_directory(prefix="uvb"):
    """A short-named directory (a Unix socket path has at most 107 bytes), removed at the end."""
    path = tempfile.mkdtemp(prefix=prefix + "-", dir="/tmp")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
