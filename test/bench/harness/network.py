"""A network namespace for one run: what the machine does on its loopback device, and how it is tuned, stays outside."""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
CONGESTION_CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
PACED = "bbr"      # starts a timer between sends, on the loopback device, too: that is not what is to be measured
UNPACED = "reno"   # any namespace may use it


def enter():
    """Moves this process, and so what it starts, to a new namespace with a loopback device; False where not allowed."""
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
        return False
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    if congestion_control() == PACED:
        CONGESTION_CONTROL.write_text(UNPACED)
    return True


def congestion_control():
    try:
        return CONGESTION_CONTROL.read_text().strip()
    except OSError:
        return "unknown"


def describe(own):
    """One line for the head of the report."""
    control = congestion_control()
    paced = f"; {PACED}'s timers make bulk cost several times as much" if control == PACED else ""
    return f"Network: {'a namespace of its own' if own else 'the host'}, TCP congestion control {control}{paced}"
