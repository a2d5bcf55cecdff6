"""Servers that fail to log in, vanish or answer strangely (behaviour.md 3.6, 4.3, 4.4)."""

import struct
import threading
import time

import pytest

from harness import messages as m
from harness import net, scram
from harness.fake_server import trusting
from harness.wire import Closed, ServerError


def login_error(pooler, **options):
    with pytest.raises(ServerError) as caught:
        pooler.login(**options)
    return caught.value.fields


def refusing(code, reason, after=0):
    """A script that lets `after` connections in and refuses later ones with this error."""
    def script(connection):
        connection.read_startup()
        if connection.number < after:
            connection.greet()
            connection.serve()
        else:
            code_field = b"C" + m.text(code) if code else b""
            connection.send(m.message("E", b"SFATAL\0" + code_field + b"M" + m.text(reason) + b"\0"))
    return script


@pytest.mark.compat
@pytest.mark.quick
def test_s087_cold_client_of_a_dead_server_waits_for_query_wait_timeout(start_pooler):
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={net.free_port()}"}, {"query_wait_timeout": 2})
    began = time.monotonic()
    assert login_error(pooler)["M"] == "query_wait_timeout"
    assert time.monotonic() - began > 1.8


@pytest.mark.quick
def test_s088_missing_database_is_told_to_each_cold_client(start_pooler, postgres):
    pooler = start_pooler({"p0": postgres.database("does_not_exist")}, {"server_login_retry": 1})
    for _ in range(2):
        fields = login_error(pooler)
        assert (fields["S"], fields["C"]) == ("FATAL", "3D000")
        assert fields["M"] == 'database "does_not_exist" does not exist'


@pytest.mark.compat
def test_s088_second_client_waits_for_the_retry_delay(start_pooler, fake_server):
    server = fake_server(refusing("3D000", "no such thing"))
    pooler = start_pooler({"p0": server.database()}, {"server_login_retry": 2})
    login_error(pooler)
    began = time.monotonic()
    assert login_error(pooler)["M"] == "no such thing"
    assert time.monotonic() - began > 1.2


@pytest.mark.quick
def test_s089_s090_lost_server_fails_fast_and_recovers_after_the_delay(start_pooler, fake_server):
    open_for_logins = threading.Event()
    open_for_logins.set()

    def script(connection):
        if not open_for_logins.is_set():
            return
        trusting(connection)

    server = fake_server(script)
    pooler = start_pooler({"p0": server.database()}, {"pool_mode": "transaction", "server_login_retry": 1})
    waiting, later, last = pooler.login(), pooler.login(), pooler.login()
    open_for_logins.clear()
    server.connections[0].socket.shutdown(2)
    net.wait_for(lambda: pooler.pool()["sv_idle"] == 0, what="the loss to be noticed")
    waiting.send(m.query("select 1"))
    net.wait_for(lambda: len(server.connections) >= 2, what="an attempt")
    time.sleep(0.3)
    later.send(m.query("select 1"))
    later.expect_fatal("server login has been failing, cached error: server conn crashed? (server_login_retry)")
    open_for_logins.set()
    assert m.rows(waiting.receive_until("Z")) == [["1"]]
    assert last.value("echo 2") == "2"


@pytest.mark.quick
def test_s091_starting_up_server_keeps_clients_waiting(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        if connection.number < 2:
            connection.send(m.error_response("57P03", "the database system is starting up", "FATAL"))
        else:
            connection.greet()
            connection.serve()

    server = fake_server(script)
    pooler = start_pooler({"p0": server.database()}, {"server_login_retry": 1})
    with pooler.login() as client:
        assert client.value("select 1") == "1"
    assert len(server.connections) == 3


@pytest.mark.quick
def test_s092_too_many_connections_is_told_to_all_waiters_of_an_empty_pool(start_pooler, fake_server):
    released = threading.Event()

    def script(connection):
        connection.read_startup()
        released.wait(10)
        connection.send(m.error_response("53300", "sorry, too many clients already", "FATAL"))

    pooler = start_pooler({"p0": fake_server(script).database()})
    clients = [pooler.wire() for _ in range(3)]
    for client in clients:
        client.startup("alice", "p0")
    pooler.wait_pool(cl_waiting=3)
    released.set()
    for client in clients:
        client.expect_fatal("sorry, too many clients already", "53300")


@pytest.mark.compat
def test_s093_too_many_connections_leaves_waiters_queued_while_another_server_lives(start_pooler, fake_server):
    server = fake_server(refusing("53300", "sorry, too many clients already", after=1))
    pooler = start_pooler({"p0": server.database()}, {"pool_mode": "transaction", "server_login_retry": 1})
    holder, waiter = pooler.login(), pooler.login()
    holder.send(m.parse("", "x"), m.FLUSH)
    pooler.wait_pool(sv_active=1)
    waiter.send(m.query("echo mine"))
    net.wait_for(lambda: len(server.connections) >= 2, what="a second login attempt")
    waiter.expect_silence(0.7)
    holder.send(m.SYNC)
    holder.receive_until("Z")
    holder.close()


@pytest.mark.compat
def test_s094_login_error_without_sqlstate_reaches_clients_as_08p01(start_pooler, fake_server):
    pooler = start_pooler({"p0": fake_server(refusing(None, "strange refusal")).database()})
    fields = login_error(pooler)
    assert (fields["S"], fields["C"], fields["M"]) == ("FATAL", "08P01", "strange refusal")


@pytest.mark.compat
def test_s095_server_that_hangs_at_login_is_given_up(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        if connection.number == 0:
            connection.read()
        connection.greet()
        connection.serve()

    pooler = start_pooler({"p0": fake_server(script).database()}, {"server_connect_timeout": 1, "server_login_retry": 1})
    with pooler.login() as client:
        assert client.value("select 1") == "1"
    assert "connect timeout" in pooler.log()


def test_long_login_error_reaches_the_client_whole(start_pooler, fake_server):
    reason = "a long story " * 100
    pooler = start_pooler({"p0": fake_server(refusing("28000", reason)).database()})
    fields = login_error(pooler)
    assert fields["C"] == "28000" and fields["M"] == reason


@pytest.mark.compat
@pytest.mark.quick
def test_s105_check_query_hides_a_dead_server(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        connection.greet()
        while True:
            message = connection.read()
            if connection.number == 0 and message.tag == "check":
                return
            connection.serve_query(message.tag)

    settings = {"pool_mode": "transaction", "server_check_query": "check", "server_check_delay": 0}
    pooler = start_pooler({"p0": fake_server(script).database()}, settings)
    with pooler.login() as client:
        assert client.value("echo one") == "one"
        assert client.value("echo two") == "two"


@pytest.mark.compat
@pytest.mark.quick
def test_s111_terminated_idle_backend_goes_unnoticed(tx, postgres):
    with tx.login() as client:
        pid = client.value("select pg_backend_pid()")
        postgres.value(f"select pg_terminate_backend({pid})")
        tx.wait_pool(sv_idle=0)
        assert client.value("select pg_backend_pid()") != pid


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_s112_terminated_linked_backend_gives_its_words_then_the_poolers(start_pooler, postgres, mode):
    pooler = start_pooler(settings={"pool_mode": mode})
    with pooler.login() as client:
        client.query("begin")
        pid = client.value("select pg_backend_pid()")
        postgres.value(f"select pg_terminate_backend({pid})")
        assert client.expect("E").fields["C"] == "57P01"
        client.expect_fatal("server conn crashed?")


@pytest.mark.compat
def test_s113_unknown_message_from_the_server_ends_both(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.send(m.message("?", b"what"))
        connection.read()

    pooler = start_pooler({"p0": fake_server(script).database()})
    with pooler.login() as client:
        client.send(m.query("select 1"))
        client.expect_fatal("unknown pkt")


@pytest.mark.compat
@pytest.mark.parametrize("surprise,kept", [
    (m.notification(7, "channel", "news"), True),
    (m.notice_response("listen"), False),
    (m.parameter_status("application_name", "x"), False)], ids=["notification", "notice", "parameter"])
def test_s114_surprises_on_idle_servers_reach_no_client(start_pooler, fake_server, surprise, kept):
    server = fake_server()
    pooler = start_pooler({"p0": server.database()}, {"pool_mode": "transaction"})
    with pooler.login() as client:
        client.value("echo 1")
        pooler.wait_pool(sv_idle=1)
        server.connections[0].send(surprise)
        time.sleep(1)
        client.expect_silence(0.1)
        assert m.kinds(client.query("echo 2")) == "TDCZ"
        assert len(server.connections) == (1 if kept else 2)


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("header", [b"T\0\0\0\3", b"T\xff\xff\xff\xff", b"D\x80\0\0\0"], ids=["3", "-1", "minimum"])
def test_bad_length_from_the_server_ends_both(start_pooler, fake_server, header):
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.send(header + bytes(20))
        connection.read()

    pooler = start_pooler({"p0": fake_server(script).database()})
    with pooler.login() as client:
        client.send(m.query("select 1"))
        client.expect_fatal("bad pkt header")


LOGIN_SURPRISES = {
    "garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "unknown-authentication": m.message("R", b"\0\0\0\x09"),
    "short-authentication": m.message("R", b"\0\0"),
    "short-md5-salt": m.message("R", b"\0\0\0\5ab"),
    "negative-length": b"R\xff\xff\xff\xff",
    "huge-length": b"R\x7f\xff\xff\xff",
    "parameter-without-value": m.AUTH_OK + m.message("S", b"name\0"),
    "parameter-unterminated": m.AUTH_OK + m.message("S", b"name\0value"),
    "short-key": m.AUTH_OK + m.message("K", b"\0\0"),
    "empty-ready": m.AUTH_OK + m.message("Z"),
    "data-row": m.AUTH_OK + m.data_row(["x"]),
    "error-without-end": m.message("E", b"SFATAL\0MHalf"),
    "empty-error": m.message("E"),
    "sasl-without-list": m.message("R", b"\0\0\0\x0a"),
    "sasl-continue-first": m.message("R", b"\0\0\0\x0br=x,s=eA==,i=1"),
    "early-end": b"",
}


@pytest.mark.quick
@pytest.mark.parametrize("name", LOGIN_SURPRISES)
def test_hostile_answer_at_server_login_leaves_the_pooler_well(start_pooler, fake_server, name):
    def script(connection):
        connection.read_startup()
        connection.send(LOGIN_SURPRISES[name])
        if name != "early-end":
            time.sleep(0.5)

    well = fake_server()
    pooler = start_pooler({"p0": fake_server(script).database(), "p1": well.database()},
                          {"query_wait_timeout": 1, "server_connect_timeout": 1})
    with pooler.wire() as victim, pooler.wire() as healthy:
        victim.startup("alice", "p0")
        assert healthy.login(database="p1").value("echo well") == "well"
        with pytest.raises((ServerError, Closed)):
            victim.authenticate("alice", "")
            victim.welcome()


@pytest.mark.compat
def test_endless_parameter_status_at_login_is_bounded(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        connection.send(m.AUTH_OK)
        flood = m.parameter_status("application_name", "x" * 1000) * 64
        while True:
            connection.send(flood)

    well = fake_server()
    pooler = start_pooler({"p0": fake_server(script).database(), "p1": well.database()},
                          {"query_wait_timeout": 3, "server_connect_timeout": 2})
    with pooler.wire() as victim, pooler.wire() as healthy:
        victim.startup("alice", "p0")
        healthy.login(database="p1")
        for i in range(10):
            assert healthy.value(f"echo {i}") == str(i)
        with pytest.raises((ServerError, Closed)):
            victim.authenticate("alice", "")
        assert pooler.rss_kib() < 200_000 * net.patience


def test_parameter_status_larger_than_the_packet_buffer_passes(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.send(m.parameter_status("search_path", "s" * 20000))
        connection.answer()
        connection.serve()

    pooler = start_pooler({"p0": fake_server(script).database()}, {"pool_mode": "transaction", "pkt_buf": 4096})
    with pooler.login() as client:
        received = client.query("select 1")
        assert m.kinds(received) == "STDCZ"
        assert received[0].parameter == ("search_path", "s" * 20000)
        assert client.value("echo 2") == "2"


@pytest.mark.compat
def test_extra_results_from_a_server_never_reach_the_next_client(start_pooler, fake_server):
    """A server that says more than it was asked is not given to anybody else with that surplus."""
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        if connection.number == 0:
            connection.send(m.row_description(["v"]), m.data_row(["mine"]), m.command_complete("SELECT 1"), m.ready(),
                            m.row_description(["v"]), m.data_row(["surplus"]), m.command_complete("SELECT 1"),
                            m.ready())
        else:
            connection.answer("fresh")
        connection.serve()

    settings = {"pool_mode": "transaction", "default_pool_size": 1}
    pooler = start_pooler({"p0": fake_server(script).database()}, settings)
    with pooler.login() as one, pooler.login() as two:
        one.send(m.query("select 1"))
        time.sleep(1)
        two.send(m.query("select 2"))
        received = two.receive_until("Z")
        assert "surplus" not in str(m.rows(received))


@pytest.mark.compat
def test_half_a_message_from_a_dying_server_is_followed_by_a_clean_error(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.send(m.row_description(["v"]), m.data_row(["x" * 5000])[:100])

    pooler = start_pooler({"p0": fake_server(script).database()}, {"pool_mode": "transaction"})
    with pooler.login() as client:
        client.send(m.query("select 1"))
        client.expect("T")
        with pytest.raises(Closed):
            while True:
                client.receive()


SCRAM_LIES = {
    "wrong-signature": (lambda first: first, lambda final: b"v=" + b"A" * 43 + b"=", "invalid server signature"),
    "no-signature": (lambda first: first, lambda final: b"e=other-error", None),
    "foreign-nonce": (lambda first: b"r=foreign," + first.split(b",", 1)[1], None, None),
    "no-iterations": (lambda first: first.rsplit(b",", 1)[0], None, None),
    "zero-iterations": (lambda first: first.rsplit(b",", 1)[0] + b",i=0", None, None),
    "negative-iterations": (lambda first: first.rsplit(b",", 1)[0] + b",i=-1", None, None),
    "broken-salt": (lambda first: first.replace(b",s=", b",s=!!"), None, None),
    "empty": (lambda first: b"", None, None),
}


@pytest.mark.quick
@pytest.mark.parametrize("name", SCRAM_LIES)
def test_server_that_lies_in_scram_is_not_trusted(start_pooler, fake_server, name):
    change_first, change_final, text = SCRAM_LIES[name]

    def script(connection):
        connection.read_startup()
        exchange = scram.Server("pw")
        _, first = connection.ask_sasl("SCRAM-SHA-256")
        connection.send(m.message("R", struct.pack("!i", 11) + change_first(exchange.first(first))))
        final = exchange.final(connection.read().body)
        connection.send(m.message("R", struct.pack("!i", 12) + change_final(final)))
        connection.greet()
        connection.serve()

    pooler = start_pooler({"p0": fake_server(script).database()}, {"auth_type": "plain", "query_wait_timeout": 2},
                          users={"alice": "pw"})
    with pytest.raises((ServerError, Closed)) as caught:
        pooler.login(password="pw")
    if text:
        assert text in caught.value.fields["M"]


@pytest.mark.quick
def test_scram_server_of_our_own_lets_the_pooler_in(start_pooler, fake_server):
    """The counterpart of the lies above: without one, the login works."""
    def script(connection):
        connection.read_startup()
        exchange = scram.Server("pw")
        _, first = connection.ask_sasl("SCRAM-SHA-256")
        connection.send(m.message("R", struct.pack("!i", 11) + exchange.first(first)))
        final = exchange.final(connection.read().body)
        assert final is not None
        connection.send(m.message("R", struct.pack("!i", 12) + final))
        connection.greet()
        connection.serve()

    pooler = start_pooler({"p0": fake_server(script).database()}, {"auth_type": "plain"}, users={"alice": "pw"})
    assert pooler.login(password="pw").value("echo in") == "in"
