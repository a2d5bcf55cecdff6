"""Streams of messages as PostgreSQL answers them: through the pooler, cut anywhere, the answers are the same bytes."""

import time

import pytest

from harness import messages as m
from harness.wire import Wire


def run(sql, *values):
    return m.parse("", sql) + m.bind("", "", values) + m.execute()


COPY_IN = "copy pg_temp.scratch from stdin"
# Everything in a transaction block, so that the temporary table stays with the server in every pool mode.
BEGIN = m.query("begin; create temp table scratch (v int) on commit drop")
ROWS = m.copy_data(b"1\n2\n") + m.copy_data(b"") + m.copy_data(b"3\n")
NOTICE = "do $$ begin raise notice 'heard'; end $$"

# name -> (stream, number of ReadyForQuery it is answered with)
STREAMS = {
    "simple": (m.query("select 1; select 'two'; set search_path = public"), 1),
    "empty query": (m.query("") + m.query(" ; "), 2),
    "query without text": (m.message("Q", b"") + m.query("select 1"), 2),
    "simple error": (m.query("select 1; select 1/0; select 2") + m.query("select 3"), 2),
    "notices": (m.query(f"{NOTICE}; select 1; {NOTICE}"), 1),
    "notification": (m.query("listen channel; notify channel, 'payload'; select 1") + m.query("unlisten channel"), 2),
    "extended": (m.parse("", "select $1::text", [25]) + m.describe("S", "") + m.bind("p", "", [b"value"]) +
                 m.describe("P", "p") + m.execute("p") + m.close("P", "p") + m.close("S", "") + m.SYNC, 1),
    "empty statement": (run("") + m.describe("P", "") + m.SYNC, 1),
    "row limit": (m.parse("", "select generate_series(1, 5)") + m.bind("", "") + m.execute("", 2) + m.execute("", 2) +
                  m.execute("", 2) + m.SYNC, 1),
    "pipeline with an error": (run("select 1") + run("select 1/0") + run("select 2") + m.SYNC + run("select 3") + m.SYNC, 2),
    "query inside a pipeline": (run("select 1") + m.query("select 2") + run("select 3") + m.SYNC, 2),
    "query inside an aborted pipeline": (run("select 1/0") + m.query("select 2") + run("select 3") + m.SYNC + m.query("select 4"), 2),
    "flushes": (m.FLUSH + m.parse("", "select 1") + m.FLUSH + m.bind("", "") + m.FLUSH + m.execute() + m.FLUSH + m.SYNC, 1),
    "function call": (m.function_call(1397, [b"-42"]) + m.function_call(0, []) + m.query("select 1"), 3),
    "copy out": (m.query("copy (select generate_series(1, 3)) to stdout") + m.query("select 1"), 2),
    "copy out with an error in the middle": (m.query("copy (select 6 / (3 - x) from generate_series(1, 5) x) to stdout") +
                                             m.query("select 1"), 2),
    "copy out in a pipeline": (run("copy (select generate_series(1, 3)) to stdout") + run("select 1") + m.SYNC, 1),
    "copy out with an error in a pipeline": (run("copy (select 6 / (3 - x) from generate_series(1, 5) x) to stdout") +
                                             run("select 1") + m.SYNC + run("select 2") + m.SYNC, 2),
    "copy in": (BEGIN + m.query(COPY_IN) + ROWS + m.COPY_DONE + m.query("select sum(v) from scratch") + m.query("commit"), 4),
    "copy in with an error in the middle": (BEGIN + m.query(COPY_IN) + m.copy_data(b"1\nbad\n") + ROWS + m.COPY_DONE +
                                            m.query("rollback") + m.query("select 1"), 4),
    "copy fail": (BEGIN + m.query(COPY_IN) + ROWS + m.copy_fail("changed my mind") + m.query("rollback") + m.query("select 1"), 4),
    "copy in that does not begin": (m.query("copy no_such_table from stdin") + ROWS + m.COPY_DONE + m.query("select 1"), 2),
    "two copies in one query": (BEGIN + m.query(f"{COPY_IN}; select 'between'; {COPY_IN}; select sum(v) from scratch") + ROWS + m.COPY_DONE +
                                ROWS + m.COPY_DONE + m.query("commit"), 3),
    "sync and flush inside a copy": (BEGIN + m.query(COPY_IN) + m.SYNC + ROWS + m.FLUSH + m.SYNC + m.COPY_DONE +
                                     m.query("commit"), 3),
    "copy in inside a pipeline": (BEGIN + run("select 1") + run(COPY_IN) + ROWS + m.COPY_DONE + run("select count(*) from scratch") +
                                  m.SYNC + m.query("commit"), 3),
    "copy in inside a pipeline with its sync ahead": (BEGIN + run(COPY_IN) + m.SYNC + ROWS + m.COPY_DONE + m.SYNC + run("select sum(v) from scratch") +
                                                      m.SYNC + m.query("commit"), 4),
    "copy error inside a pipeline": (BEGIN + run(COPY_IN) + m.copy_data(b"bad\n") + ROWS + m.COPY_DONE + run("select 1") + m.SYNC +
                                     m.query("rollback") + run("select 2") + m.SYNC, 4),
    "copy fail inside a pipeline": (BEGIN + run(COPY_IN) + ROWS + m.copy_fail() + run("select 1") + m.SYNC +
                                    m.query("rollback") + run("select 2") + m.SYNC, 4),
    "copy messages without a copy": (ROWS + m.COPY_DONE + m.copy_fail() + m.query("select 1") + ROWS + run("select 2") + m.COPY_DONE +
                                     m.SYNC, 2),
    "named statement": (m.parse("s", "select $1::int + 1", [23]) + m.describe("S", "s") + m.bind("", "s", [b"1"]) + m.execute() +
                        m.bind("", "s", [b"2"]) + m.execute() + m.close("S", "s") + m.close("S", "other") + m.SYNC, 1),
    "named statement behind an error": (run("select 1/0") + m.parse("s", "select 1") + m.close("S", "s") + m.SYNC +
                                        run("select 2") + m.SYNC, 2),
}
EVERY = pytest.mark.parametrize("name", STREAMS)


def answers(client, syncs):
    """All messages up to the last ReadyForQuery. Process ids differ from run to run."""
    received = []
    for _ in range(syncs):
        received += client.receive_until("Z")
    return [m.Message(x.kind, x.body[4:] if x.kind == "A" else x.body) for x in received]


@pytest.fixture
def direct(postgres):
    """What PostgreSQL itself answers to a stream."""
    def ask(name):
        stream, syncs = STREAMS[name]
        with Wire(postgres.port) as client:
            return answers(client.login("alice", "p0").send(stream), syncs)
    return ask


@pytest.fixture(params=["session", "transaction"])
def streamed(start_pooler, request):
    """A pooler with a single server, in both pool modes."""
    return start_pooler(settings={"pool_mode": request.param, "default_pool_size": 1})


def check(client, name, expected):
    received = answers(client, STREAMS[name][1])
    assert m.kinds(received) == m.kinds(expected)
    assert received == expected
    client.expect_silence(0.05)


@pytest.mark.quick
@EVERY
def test_stream_is_answered_as_by_the_server_itself(streamed, direct, name):
    expected = direct(name)
    for _ in range(2):
        with streamed.login() as client:
            check(client.send(STREAMS[name][0]), name, expected)
            assert client.value("select 'in step'") == "in step"
            client.terminate()


def test_query_inside_a_copy_is_refused_by_the_server_and_ends_its_client_only(streamed):
    with streamed.login() as client:
        client.send(BEGIN, m.query(COPY_IN), ROWS, m.query("select 'refused'"))
        assert m.kinds(client.receive_until("G")) == "CCZG"
        assert client.expect("E").fields["M"] == "unexpected message type 0x51 during COPY from stdin"
        client.expect_error("terminating connection because protocol synchronization was lost", severity="FATAL")
    with streamed.login() as client:
        assert client.value("select 'fine'") == "fine"


@pytest.mark.quick
def test_streams_byte_by_byte_are_answered_as_by_the_server_itself(streamed, direct):
    for name, (stream, _) in STREAMS.items():
        with streamed.login() as client:
            check(client.send_slowly(stream), name, direct(name))
            client.terminate()


@EVERY
def test_stream_cut_in_two_anywhere_is_answered_as_by_the_server_itself(start_pooler, direct, name):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    stream, expected = STREAMS[name][0], direct(name)
    with pooler.login() as client:
        for cut in range(1, len(stream)):
            client.send(stream[:cut])
            time.sleep(0.002)
            received = answers(client.send(stream[cut:]), STREAMS[name][1])
            assert received == expected, f"cut at {cut}: {m.kinds(received)} for {m.kinds(expected)}"


@pytest.mark.quick
def test_streams_over_tls_in_small_records_are_answered_as_by_the_server_itself(start_pooler, authority, direct):
    cert, key = authority.server
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1, "client_tls_sslmode": "require",
                                    "client_tls_cert_file": cert, "client_tls_key_file": key})
    for name, (stream, _) in STREAMS.items():
        with pooler.wire() as client:
            client.start_tls().login()
            for start in range(0, len(stream), 3):
                client.send(stream[start:start + 3])
            check(client, name, direct(name))


@pytest.mark.quick
def test_answers_cut_anywhere_arrive_whole(start_pooler, fake_server):
    """The server's side: every kind of answer, byte by byte, in one write with what follows it."""
    pieces = [m.parameter_status("TimeZone", "Etc/UTC"), m.notice_response("n"), m.notification(1, "c", "p"), m.row_description(["v"]),
              m.data_row(["value"]), m.data_row([""]), m.command_complete("SELECT 2"), m.message("I"),
              m.message("H", b"\0\0\1\0\0"), m.copy_data(b"line\n"), m.copy_data(b""), m.message("c"), m.command_complete("COPY 2"),
              m.error_response("22012", "division by zero"), m.ready()]
    answer = b"".join(pieces)

    def script(connection):
        connection.read_startup()
        connection.greet()
        while True:
            if connection.read().kind == "X":
                return
            cut = int(connection.server.received[-1][1].tag)
            for part in ([answer[i:i + 1] for i in range(len(answer))] if cut == 0 else [answer[:cut], answer[cut:]]):
                connection.send(part)
                if cut:
                    time.sleep(0.002)

    pooler = start_pooler({"p0": f"host=127.0.0.1 port={fake_server(script).port}"}, {"pool_mode": "transaction"})
    with pooler.login() as client:
        for cut in range(len(answer)):
            received = client.query(str(cut))
            assert b"".join(m.message(x.kind, x.body) for x in received) == answer, f"cut at {cut}"


@pytest.mark.quick
def test_flush_brings_each_answer_at_once(streamed):
    with streamed.login() as client:
        for message, kinds in ((m.parse("s", "select 1"), "1"), (m.describe("S", "s"), "tT"), (m.bind("", "s"), "2"),
                               (m.execute(), "DC"), (m.close("S", "s"), "3"), (m.parse("s", "select 1"), "1"), (m.bind("", "s"), "2")):
            client.send(message, m.FLUSH)
            assert "".join(client.receive().kind for _ in kinds) == kinds
        client.send(m.SYNC)
        assert m.kinds(client.receive_until("Z")) == "Z"


@pytest.mark.quick
def test_client_leaving_in_the_middle_of_any_stream_harms_nobody(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    for name, (stream, _) in STREAMS.items():
        for part in (1, 2, 3):
            with pooler.login() as client:
                client.send(stream[:len(stream) * part // 4])
        with pooler.login() as other:
            received = other.query(f"select '{name}'")
            assert m.kinds(received) == "TDCZ" and m.rows(received) == [[name]]


# --- protocol versions: what libpq sends to find servers that cannot negotiate

GREASE = 0x0003270F  # 3.9999
GREASE_OPTION = "_pq_.test_protocol_negotiation"


def negotiated(*options):
    """The body of the NegotiateProtocolVersion expected: 3.0 and the options that are not known."""
    return (m.PROTOCOL_3_0.to_bytes(4, "big") + len(options).to_bytes(4, "big") + b"".join(m.text(option) for option in options))


@pytest.mark.quick
@pytest.mark.parametrize("protocol", [GREASE, m.PROTOCOL_3_2, 0x00030001, 0x0003FFFF], ids=["3.9999", "3.2", "3.1", "3.65535"])
@pytest.mark.parametrize("options", [{}, {GREASE_OPTION: ""}, {"_pq_.one": "1", GREASE_OPTION: "x" * 5000}], ids=["none", "one", "two"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_newer_protocol_is_negotiated_and_works_on(start_pooler, authority, protocol, options, tls):
    cert, key = authority.server
    pooler = start_pooler(settings={"pool_mode": "transaction", "client_tls_sslmode": "allow", "client_tls_cert_file": cert,
                                    "client_tls_key_file": key, "auth_type": "scram-sha-256"}, users={"alice": "pw"})
    with pooler.wire() as client:
        if tls:
            client.start_tls()
        client.startup("alice", "p0", protocol, **options)
        assert client.expect("v").body == negotiated(*options)
        client.authenticate("alice", "pw")
        received = client.welcome()
        assert "v" not in m.kinds(received) and len(client.key) == 8
        assert client.value("select 1") == "1"
        assert m.rows(client.extended(run("select $1::text", b"x"))) == [["x"]]


@pytest.mark.quick
def test_protocol_options_never_reach_a_server(start_pooler, fake_server):
    server = fake_server()
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"})
    with pooler.wire() as client:
        client.startup("alice", "p0", GREASE, **{GREASE_OPTION: "1"})
        client.expect("v")
        client.authenticate("alice", "")
        client.welcome()
    assert all(not name.startswith("_pq_.") for startup in server.startups for name in startup)


@pytest.mark.quick
@pytest.mark.parametrize("requests,answer", [
    ([m.GSS_REQUEST, m.SSL_REQUEST], b"NS"), ([m.SSL_REQUEST], b"S"), ([m.GSS_REQUEST, m.GSS_REQUEST, m.SSL_REQUEST], b"NNS")],
    ids=["gss-tls", "tls", "gss-gss-tls"])
def test_encryption_requests_byte_by_byte(start_pooler, authority, requests, answer):
    cert, key = authority.server
    pooler = start_pooler(settings={"client_tls_sslmode": "require", "client_tls_cert_file": cert, "client_tls_key_file": key})
    with pooler.wire() as client:
        received = b""
        for request in requests:
            client.send_slowly(request, 0.001)
            received += client.receive_bytes(1)
        assert received == answer
        # In TLS at once: the answer was S.
        client.request_tls = lambda: b"S"
        client.start_tls()
        client.startup("alice", "p0", GREASE)
        client.expect("v")
        client.authenticate("alice", "")
        client.welcome()
        assert client.value("select 1") == "1"


@pytest.mark.quick
@pytest.mark.parametrize("stuffed", [m.startup({"user": "alice", "database": "p0"}), b"x", m.SSL_REQUEST, m.cancel_request(bytes(8))],
                         ids=["startup", "byte", "again", "cancel"])
def test_nothing_in_clear_behind_an_ssl_request_is_used(start_pooler, authority, stuffed):
    """Together with the request, or when its answer is already there."""
    cert, key = authority.server
    pooler = start_pooler(settings={"client_tls_sslmode": "require", "client_tls_cert_file": cert, "client_tls_key_file": key})
    with pooler.wire() as client:
        client.send(m.SSL_REQUEST, stuffed)
        client.expect_fatal("received unencrypted data after SSL request")
    with pooler.wire() as client:
        assert client.request_tls() == b"S"
        client.send(stuffed + bytes(100))
        answer = b""
        while part := client.socket.recv(100):
            answer += part
        assert answer[:1] in (b"", b"\x15")  # nothing, or a TLS alert
    with pooler.wire() as client:
        assert client.start_tls().login().value("select 1") == "1"
