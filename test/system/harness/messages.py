"""PostgreSQL protocol messages as bytes (PostgreSQL manual, "Message Formats")."""

import struct
from collections import namedtuple

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSS_REQUEST = struct.pack("!ii", 8, 80877104)
PROTOCOL_3_0 = 196608
PROTOCOL_3_2 = 196610


def message(kind, body=b""):
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def text(value):
    return (value.encode() if isinstance(value, str) else value) + b"\0"


def startup(parameters, protocol=PROTOCOL_3_0):
    body = struct.pack("!i", protocol) + b"".join(text(k) + text(v) for k, v in parameters.items()) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def cancel_request(key):
    """`key` is the whole body of BackendKeyData: process id and secret."""
    return struct.pack("!ii", 8 + len(key), 80877102) + key


# --- what clients send

def query(sql):
    return message("Q", text(sql))


def parse(name, sql, types=()):
    return message("P", text(name) + text(sql) + struct.pack(f"!h{len(types)}i", len(types), *types))


def bind(portal, statement, values=()):
    body = text(portal) + text(statement) + struct.pack("!hh", 0, len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message("B", body + struct.pack("!h", 0))


def describe(kind, name):
    return message("D", kind.encode() + text(name))


def close(kind, name):
    return message("C", kind.encode() + text(name))


def execute(portal="", limit=0):
    return message("E", text(portal) + struct.pack("!i", limit))


def function_call(oid, values):
    body = struct.pack("!ihh", oid, 0, len(values))
    for value in values:
        body += struct.pack("!i", len(value)) + value
    return message("F", body + struct.pack("!h", 0))


def password(value):
    return message("p", text(value))


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")
COPY_DONE = message("c")


def copy_data(data):
    return message("d", data)


def copy_fail(reason="stop"):
    return message("f", text(reason))


# --- what servers send

AUTH_OK = message("R", struct.pack("!i", 0))
AUTH_CLEARTEXT = message("R", struct.pack("!i", 3))


def auth_md5(salt):
    return message("R", struct.pack("!i", 5) + salt)


def parameter_status(name, value):
    return message("S", text(name) + text(value))


def backend_key(pid, secret):
    return message("K", struct.pack("!iI", pid, secret))


def ready(status="I"):
    return message("Z", status.encode())


def row_description(names):
    body = struct.pack("!h", len(names))
    for name in names:
        body += text(name) + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
    return message("T", body)


def data_row(values):
    body = struct.pack("!h", len(values))
    for value in values:
        encoded = value.encode() if isinstance(value, str) else value
        body += struct.pack("!i", len(encoded)) + encoded
    return message("D", body)


def command_complete(tag):
    return message("C", text(tag))


def error_response(code, reason, severity="ERROR"):
    return message("E", b"S" + text(severity) + b"C" + text(code) + b"M" + text(reason) + b"\0")


def notice_response(reason):
    return message("N", b"S" + text("NOTICE") + b"C" + text("00000") + b"M" + text(reason) + b"\0")


def notification(pid, channel, payload):
    return message("A", struct.pack("!i", pid) + text(channel) + text(payload))


# --- reading

class Message(namedtuple("Message", "kind body")):
    """One received message: `kind` is its letter, `body` the bytes after the length."""

    @property
    def fields(self):
        """The fields of an ErrorResponse or NoticeResponse, by their letter, in the order received."""
        found = {}
        for field in self.body.split(b"\0"):
            if field:
                found[chr(field[0])] = field[1:].decode("utf-8", "replace")
        return found

    @property
    def parameter(self):
        """(name, value) of a ParameterStatus."""
        name, value, _ = self.body.split(b"\0")
        return name.decode(), value.decode()

    @property
    def tag(self):
        return self.body.rstrip(b"\0").decode()

    @property
    def columns(self):
        """[(name, type oid, type length, modifier, format, table oid, column number)] of a RowDescription."""
        count, position, columns = struct.unpack("!h", self.body[:2])[0], 2, []
        for _ in range(count):
            end = self.body.index(b"\0", position)
            name = self.body[position:end].decode()
            table, number, oid, length, modifier, form = struct.unpack("!ihihih", self.body[end + 1:end + 19])
            columns.append((name, oid, length, modifier, form, table, number))
            position = end + 19
        return columns

    @property
    def values(self):
        """The cells of a DataRow as text, None for NULL."""
        count, position, values = struct.unpack("!h", self.body[:2])[0], 2, []
        for _ in range(count):
            length = struct.unpack("!i", self.body[position:position + 4])[0]
            position += 4
            values.append(None if length < 0 else self.body[position:position + length].decode("utf-8", "replace"))
            position += max(length, 0)
        return values


def kinds(messages):
    """The letters of a list of messages as one word, e.g. "TDCZ"."""
    return "".join(m.kind for m in messages)


def rows(messages):
    return [m.values for m in messages if m.kind == "D"]


def tags(messages):
    """The command tags in a list of messages."""
    return [m.tag for m in messages if m.kind == "C"]
