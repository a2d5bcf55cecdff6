"""A PostgreSQL server made of a script: each accepted connection runs a function in a thread of its own."""

import socket
import ssl
import struct
import threading

from . import messages as m
from . import net
from .wire import Closed

DEFAULT_PARAMETERS = {
    "server_version": "15.0", "server_encoding": "UTF8", "client_encoding": "UTF8", "application_name": "",
    "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "TimeZone": "Etc/UTC", "integer_datetimes": "on",
    "is_superuser": "off", "session_authorization": "alice", "standard_conforming_strings": "on",
}


class Connection:
    """The server's end of one connection, given to the script."""

    def __init__(self, sock, number, server):
        self.socket, self.number, self.server = sock, number, server
        self.startup = {}
        self._buffer = b""
        sock.settimeout(30 * net.patience)

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def read_bytes(self, count):
        while len(self._buffer) < count:
            data = self.socket.recv(65536)
            if not data:
                raise Closed()
            self._buffer += data
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def read_packet(self):
        """An untyped packet (start-up, SSLRequest, CancelRequest): its code and body."""
        length, code = struct.unpack("!ii", self.read_bytes(8))
        return code, self.read_bytes(length - 8)

    def read(self):
        """The next message; it is also kept in the server's `received`."""
        kind = self.read_bytes(1).decode("latin1")
        length = struct.unpack("!i", self.read_bytes(4))[0]
        received = m.Message(kind, self.read_bytes(length - 4))
        self.server.received.append((self.number, received))
        return received

    def read_startup(self, hold_cancel=lambda: None):
        """Refuses TLS, notes cancel requests (and ends there, after hold_cancel()), returns the start-up parameters."""
        while True:
            code, body = self.read_packet()
            if code in (80877103, 80877104):
                self.send(b"N")
                continue
            if code == 80877102:
                self.server.cancels.append(body)
                hold_cancel()
                raise Closed()
            parts = body.split(b"\0")
            self.startup = {k.decode(): v.decode() for k, v in zip(parts[0::2], parts[1::2]) if k}
            self.server.startups.append(self.startup)
            return self.startup

    def accept_tls(self, cert, key):
        """Answers the SSLRequest with S and goes over to TLS."""
        code, _ = self.read_packet()
        assert code == 80877103
        self.send(b"S")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def ask_sasl(self, *mechanisms):
        """Offers the mechanisms; returns the chosen one and the client's first message."""
        self.send(m.message("R", struct.pack("!i", 10) + b"".join(m.text(x) for x in mechanisms) + b"\0"))
        body = self.read().body
        name, rest = body.split(b"\0", 1)
        return name.decode(), rest[4:]

    def greet(self, parameters=None, status="I"):
        """What follows a successful authentication."""
        values = {**DEFAULT_PARAMETERS, **(parameters or {})}
        self.send(m.AUTH_OK, *(m.parameter_status(k, v) for k, v in values.items()),
                  m.backend_key(self.number + 1, 4711 + self.number), m.ready(status))

    def answer(self, value="1", tag="SELECT 1", status="I"):
        """A result with one row and one column."""
        self.send(m.row_description(["v"]), m.data_row([value]), m.command_complete(tag), m.ready(status))

    def serve(self):
        """Answers queries for ever: the value is what the query says after "echo", else "1"."""
        while True:
            message = self.read()
            if message.kind == "X":
                return
            if message.kind == "Q":
                self.serve_query(message.tag)
            elif message.kind == "S":
                self.send(m.ready())

    def serve_query(self, sql):
        word = sql.split(None, 1)[0].upper() if sql.strip() else ""
        if not word:
            self.send(m.message("I"), m.ready())
        elif word in ("SET", "DISCARD", "RESET"):
            self.send(m.command_complete("DISCARD ALL" if word == "DISCARD" else word), m.ready())
        else:
            self.answer(sql.split(None, 1)[1] if word == "ECHO" else "1")


def trusting(connection):
    """The plain script: lets everybody in and answers queries."""
    connection.read_startup()
    connection.greet()
    connection.serve()


class FakeServer:
    """Listens on `port` of every address. `script(connection)` runs for each connection; when it returns or the peer closes,
    the connection is closed. Other exceptions are kept and raised by stop()."""

    def __init__(self, script=trusting, port=None):
        self.script = script
        self.port = port or net.free_port()
        self.startups, self.cancels, self.received, self.connections = [], [], [], []
        self._failures = []
        self._listener = socket.create_server(("", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if self._failures and kind is None:
            raise self._failures[0]

    def database(self):
        """The connection string of a [databases] line for it."""
        return f"host=127.0.0.1 port={self.port}"

    def queries(self):
        """The texts of all simple queries received so far."""
        return [message.tag for _, message in self.received if message.kind == "Q"]

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, len(self.connections), self)
            self.connections.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            self.script(connection)
        except (Closed, OSError):
            pass
        except Exception as failure:
            self._failures.append(failure)
        finally:
            connection.socket.close()

    def stop(self):
        """Refuses new connections and cuts all existing ones."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for connection in self.connections:
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def fake_pool(start_pooler, server, **settings):
    """A transaction pooler with, unless settings say otherwise, a single connection to a scripted server."""
    return start_pooler({"p0": server.database()}, {"pool_mode": "transaction", "default_pool_size": 1, **settings})
