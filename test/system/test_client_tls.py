"""TLS of clients as it is on the wire: records, and handshakes that take their time (design.md 3)."""

import contextlib
import signal
import socket
import ssl
import struct
import threading
import time

import pytest

from harness import messages as m


class HandMadeTls:
    """A client's TLS whose bytes are seen on their way, and can be held back."""

    def __init__(self, client):
        assert client.request_tls() == b"S"
        self.socket = client.socket
        self.received = bytearray()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.engine = context.wrap_bio(self._incoming, self._outgoing)

    def take(self):
        data = self.socket.recv(65536)
        assert data
        self.received.extend(data)
        self._incoming.write(data)

    def hello(self):
        """The ClientHello, to be sent."""
        with pytest.raises(ssl.SSLWantReadError):
            self.engine.do_handshake()
        return self._outgoing.read()

    def do(self, operation):
        while True:
            try:
                result = operation()
            except ssl.SSLWantReadError:
                self.socket.sendall(self._outgoing.read())
                self.take()
            else:
                self.socket.sendall(self._outgoing.read())
                return result

    def read_ready(self, count):
        """Reads up to the `count`th ReadyForQuery."""
        clear = b""
        while clear.count(m.ready()) < count:
            clear += self.do(lambda: self.engine.read(65536))
        return clear


@contextlib.contextmanager
def talking_clients(pooler):
    """A client on each worker that says something all the time: handshakes are worked on elsewhere then."""
    over = threading.Event()
    with pooler.wire() as one, pooler.wire() as other:
        clients = [client.start_tls() for client in (one, other)]

        def talk():
            for client in clients:
                client.login()
            while not over.wait(0.02):
                for client in clients:
                    assert client.value("select 1") == "1"

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            time.sleep(1.2)
            yield
        finally:
            over.set()
            thread.join()


def crypto_thread_runs(pooler):
    """How often the threads of the crypto pool were given a CPU."""
    crypto = [task for task in pooler.threads() if (task / "comm").read_text() == "uvb-crypto\n"]
    runs = sum(int((task / "schedstat").read_text().split()[2]) for task in crypto)
    assert runs > 0
    return runs


def log_in(pooler):
    with pooler.wire() as client:
        client.start_tls().login()
        assert client.value("select 1") == "1"


@pytest.mark.quick
def test_handshakes_are_worked_on_elsewhere_while_clients_talk(start_pooler, front_tls):
    pooler = start_pooler(settings=front_tls)
    with talking_clients(pooler):
        before = crypto_thread_runs(pooler)
        for _ in range(20):
            log_in(pooler)
        assert crypto_thread_runs(pooler) >= before + 20


def test_handshakes_stay_where_nobody_else_talks(start_pooler, front_tls):
    """Not quick: a sanitizer makes a handshake so slow that it is not let stay. So may a machine whose host is busy,
    hence several tries."""
    runs = []
    for _ in range(3):
        pooler = start_pooler(settings=front_tls)
        log_in(pooler)  # the server's login has work for them, too
        before = crypto_thread_runs(pooler)
        for _ in range(20):
            log_in(pooler)
        runs.append(crypto_thread_runs(pooler) - before)
        if runs[-1] <= 4:
            return
    pytest.fail(f"the crypto threads ran {runs} times for 20 handshakes")


@pytest.mark.compat
def test_tls_records_towards_clients_are_small(start_pooler, front_tls):
    """libpq's asynchronous reader can hang on records above 8 KiB."""
    pooler = start_pooler(settings=front_tls)
    with pooler.wire() as client:
        tls = HandMadeTls(client)
        tls.do(tls.engine.do_handshake)
        tls.engine.write(m.startup({"user": "alice", "database": "p0"}) + m.query("select repeat('x', 200000)"))
        tls.read_ready(2)
        raw = tls.received
        position, largest = 0, 0
        while position + 5 <= len(raw):
            length = int.from_bytes(raw[position + 3:position + 5], "big")
            largest, position = max(largest, length), position + 5 + length
        assert 1000 < largest <= 8192 + 256


@pytest.mark.quick
def test_handshakes_left_half_done_keep_nobody_out(start_pooler, front_tls):
    """More of them than handshakes may be under way at a time; those whose clients go on come to their end."""
    pooler = start_pooler(settings={**front_tls, "max_client_conn": 1000})
    with contextlib.ExitStack() as stack:
        halves = [HandMadeTls(stack.enter_context(pooler.wire())) for _ in range(150)]
        for tls in halves:
            tls.socket.sendall(tls.hello())
        for tls in halves:
            tls.take()
        started = time.monotonic()
        log_in(pooler)
        assert time.monotonic() - started < 5
        for tls in halves[:75]:
            tls.socket.close()
        for tls in halves[75:]:
            tls.do(tls.engine.do_handshake)
            tls.engine.write(m.startup({"user": "alice", "database": "p0"}))
            tls.read_ready(1)


@pytest.mark.quick
@pytest.mark.parametrize("others", [contextlib.nullcontext, talking_clients], ids=["quiet", "talking"])
def test_hello_in_two_pieces_is_one_hello(start_pooler, front_tls, others):
    """As those with post-quantum keys are, which fill more than a packet."""
    pooler = start_pooler(settings=front_tls)
    for pause in (0, 0.002, 0.05):
        with others(pooler), pooler.wire() as client:
            tls = HandMadeTls(client)
            hello = tls.hello()
            tls.socket.sendall(hello[:100])
            time.sleep(pause)
            tls.socket.sendall(hello[100:])
            tls.do(tls.engine.do_handshake)
            tls.engine.write(m.startup({"user": "alice", "database": "p0"}))
            tls.read_ready(1)


@pytest.mark.quick
@pytest.mark.parametrize("others", [contextlib.nullcontext, talking_clients], ids=["quiet", "talking"])
def test_resets_in_the_midst_of_a_hello_hurt_nobody(start_pooler, front_tls, others):
    """The end of a connection can come together with the end of the work on its handshake."""
    pooler = start_pooler(settings={**front_tls, "log_connections": 0, "log_disconnections": 0})
    with others(pooler):
        for round_ in range(400):
            with pooler.wire() as client:
                hello = HandMadeTls(client).hello()
                client.socket.sendall(hello[:(3, 5, 60, 200)[round_ % 4]])
                time.sleep((0, 0.00005, 0.0002)[round_ % 3])
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        log_in(pooler)


@pytest.mark.quick
@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGINT], ids=["SIGQUIT", "SIGINT"])
def test_end_of_the_process_waits_for_work_on_handshakes(start_pooler, front_tls, number):
    for _ in range(3):
        pooler = start_pooler(settings=front_tls)
        with contextlib.ExitStack() as stack:
            halves = [HandMadeTls(stack.enter_context(pooler.wire())) for _ in range(60)]
            hellos = [tls.hello() for tls in halves]
            for tls, hello in zip(halves, hellos):
                tls.socket.sendall(hello)
            pooler.signal(number)
            if number == signal.SIGINT:
                pooler.signal(number)
            assert pooler.wait_exit() == 0
