"""A PostgreSQL client that speaks bytes: tests decide each message it sends and see each one that comes back."""

import contextlib
import hashlib
import socket
import ssl
import struct
import threading
import time

from . import messages as m
from . import net, scram


class Closed(Exception):
    """The peer closed (or reset) the connection where a message was expected."""


class ServerError(Exception):
    """An ErrorResponse where success was expected; `fields` are its fields by letter."""

    def __init__(self, fields):
        super().__init__(f"{fields.get('S')} {fields.get('C')} {fields.get('M')}")
        self.fields = fields


def tls_context(ca=None, cert=None, key=None, alpn=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if ca:
        context.load_verify_locations(ca)
    if cert:
        context.load_cert_chain(cert, key)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class Wire:
    """One connection. `address` is a port on 127.0.0.1 or the path of a Unix socket."""

    def __init__(self, address, timeout=10.0):
        self.timeout = timeout * net.patience
        self._buffer = b""
        self.parameters = {}
        self.key = None
        if isinstance(address, int):
            self.socket = socket.create_connection(("127.0.0.1", address), timeout=self.timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(self.timeout)
            self.socket.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # --- bytes

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))
        return self

    def send_slowly(self, data, pause=0.0):
        """Each byte in a write of its own."""
        for i in range(len(data)):
            self.socket.sendall(data[i:i + 1])
            if pause:
                time.sleep(pause)
        return self

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError) as error:
            raise Closed(str(error)) from None
        if not data:
            raise Closed(f"end of connection with {self._buffer!r} received")
        self._buffer += data

    def receive_bytes(self, count):
        while len(self._buffer) < count:
            self._fill()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    # --- messages

    def receive(self):
        """The next message; raises Closed at the end of the connection."""
        kind = self.receive_bytes(1).decode("latin1")
        length = struct.unpack("!i", self.receive_bytes(4))[0]
        assert length >= 4, f"message {kind!r} with length {length}"
        return m.Message(kind, self.receive_bytes(length - 4))

    def receive_until(self, kind="Z"):
        """All messages up to and including the first of this kind. A FATAL error raises ServerError."""
        received = []
        while not received or received[-1].kind != kind:
            received.append(self.receive())
            if received[-1].kind == "E" and kind != "E" and received[-1].fields["S"] == "FATAL":
                raise ServerError(received[-1].fields)
        return received

    def expect(self, kind):
        received = self.receive()
        detail = received.fields if received.kind in "EN" else received.body
        assert received.kind == kind, f"expected {kind}, got {received.kind}: {detail}"
        return received

    def expect_error(self, text, code="08P01", severity="ERROR"):
        error = self.expect("E")
        assert (error.fields["S"], error.fields["C"], error.fields["M"]) == (severity, code, text)
        return error

    def expect_fatal(self, text, code="08P01"):
        """A FATAL error with this text and code, then the end of the connection."""
        error = self.expect_error(text, code, "FATAL")
        self.expect_closed()
        return error

    def expect_closed(self):
        """The peer closes without sending anything more."""
        try:
            surplus = self.receive()
        except Closed:
            assert self._buffer == b"", f"bytes before the end: {self._buffer!r}"
            return
        raise AssertionError(f"expected the end of the connection, got {surplus}")

    def expect_silence(self, seconds=0.3):
        """Nothing arrives for this long and the connection stays open."""
        assert self._buffer == b"", f"unread: {self._buffer!r}"
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
            raise AssertionError(f"expected silence, got {data!r}" if data else "connection closed")
        except (TimeoutError, ssl.SSLWantReadError):
            pass
        finally:
            self.socket.settimeout(self.timeout)

    # --- TLS

    def request_tls(self):
        """Sends an SSLRequest and returns the answering byte."""
        self.send(m.SSL_REQUEST)
        return self.receive_bytes(1)

    def start_tls(self, direct=False, **options):
        """Goes over to TLS: after an SSLRequest, or directly. Options as tls_context()."""
        if not direct:
            assert self.request_tls() == b"S"
        self.socket = tls_context(**options).wrap_socket(self.socket, server_hostname="localhost")
        self.socket.settimeout(self.timeout)
        return self

    # --- login

    def startup(self, user=None, database=None, protocol=m.PROTOCOL_3_0, **parameters):
        """Sends a start-up packet; `user` and `database` are left out when None."""
        named = {} if user is None else {"user": user}
        if database is not None:
            named["database"] = database
        return self.send(m.startup({**named, **parameters}, protocol))

    def authenticate(self, user, password):
        """Answers the authentication requests up to AuthenticationOk."""
        while True:
            reply = self.receive()
            if reply.kind == "E":
                raise ServerError(reply.fields)
            if reply.kind == "v":
                self.negotiation = reply
                continue
            assert reply.kind == "R", reply
            code = struct.unpack("!i", reply.body[:4])[0]
            if code == 0:
                return
            self._answer(code, reply.body[4:], user, password)

    def _answer(self, code, data, user, password):
        self.method = code if code not in (11, 12) else self.method
        if code == 3:
            self.send(m.password(password))
        elif code == 5:
            inner = hashlib.md5((password + user).encode()).hexdigest()
            self.send(m.password("md5" + hashlib.md5(inner.encode() + data).hexdigest()))
        elif code == 10:
            self.mechanisms = [name.decode() for name in data.split(b"\0") if name]
            self._scram = scram.Client(password)
            first = self._scram.first()
            self.send(m.message("p", m.text("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first))
        elif code == 11:
            self.send(m.message("p", self._scram.final(data)))
        elif code == 12:
            assert self._scram.verify(data), "wrong server signature"
        else:
            raise AssertionError(f"authentication request {code}")

    def welcome(self):
        """Reads what follows AuthenticationOk up to ReadyForQuery; keeps parameters and key. Returns all of it."""
        received = self.receive_until("Z")
        for message in received:
            if message.kind == "S":
                self.parameters[message.parameter[0]] = message.parameter[1]
            elif message.kind == "K":
                self.key = message.body
        return received

    def login(self, user="alice", database="p0", password="", **parameters):
        """Start-up, authentication and welcome; returns self."""
        self.startup(user, database, **parameters)
        self.authenticate(user, password)
        self.welcome()
        return self

    # --- queries

    def query(self, sql):
        """A simple query: all messages up to ReadyForQuery. An ErrorResponse is in the list, FATAL raises."""
        self.send(m.query(sql))
        return self.receive_until("Z")

    def rows(self, sql):
        """The rows of a simple query as lists of text; an ErrorResponse raises ServerError."""
        received = self.query(sql)
        for message in received:
            if message.kind == "E":
                raise ServerError(message.fields)
        return m.rows(received)

    def value(self, sql):
        return self.rows(sql)[0][0]

    def extended(self, *parts):
        """Sends the parts and a Sync in one write; returns the messages up to ReadyForQuery."""
        self.send(*parts, m.SYNC)
        return self.receive_until("Z")

    def terminate(self):
        self.send(m.TERMINATE)
        self.close()


def send_cancel(address, key, timeout=10.0):
    """Sends a CancelRequest and waits until the peer closes; returns the bytes it sent before (none are expected)."""
    with Wire(address, timeout) as wire:
        wire.send(m.cancel_request(key))
        received = b""
        while True:
            try:
                data = wire.socket.recv(100)
            except ConnectionResetError:
                return received
            if not data:
                return received
            received += data


@contextlib.contextmanager
def cancels_under_way(address, *clients):
    """Meanwhile requests to cancel what these clients run are on their way; waits at the end until all are closed."""
    threads = [threading.Thread(target=send_cancel, args=(address, client.key)) for client in clients]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(20 * net.patience)
        assert not thread.is_alive(), "a cancel request was never closed"
