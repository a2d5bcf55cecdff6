"""COPY, sizes, FunctionCall and cancel (behaviour.md 6 and 7)."""

import random
import re
import threading
import time

import pytest

from harness import messages as m
from harness import net
from harness.fake_server import fake_pool
from harness.wire import ServerError, cancels_under_way, send_cancel


def copy_in(client, table, style):
    """Starts COPY IN; returns after CopyInResponse."""
    if style == "simple":
        client.send(m.query(f"copy {table} from stdin"))
    else:
        name = "c" if style == "prepared" else ""
        client.send(m.parse(name, f"copy {table} from stdin"), m.bind("", name), m.execute(), m.SYNC)
    client.receive_until("G")


STYLES = ["simple", "extended", "prepared"]


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("style", STYLES)
def test_s139_copy_in_succeeds_and_releases(one_server, table, style):
    with one_server.login() as client, one_server.login() as other:
        copy_in(client, table, style)
        one_server.wait_pool(sv_active=1)
        for i in range(50):
            client.send(m.copy_data(f"{i}\n".encode()))
        client.send(m.COPY_DONE, b"" if style == "simple" else m.SYNC)
        received = client.receive_until("Z")
        assert m.tags(received) == ["COPY 50"]
        assert other.value(f"select count(*) from {table}") == "50"
        one_server.wait_pool(sv_active=0, sv_idle=1)


@pytest.mark.compat
@pytest.mark.parametrize("style", STYLES)
def test_s139_copy_error_before_copy_done_is_told_at_once(one_server, table, style):
    with one_server.login() as client, one_server.login() as other:
        copy_in(client, table, style)
        client.send(m.copy_data(b"x\tone column too many\n" * 10))
        assert client.expect("E").fields["C"] == "22P04"
        if style == "simple":
            client.receive_until("Z")
        client.send(m.copy_data(b"y\n"), m.COPY_DONE, b"" if style == "simple" else m.SYNC)
        if style != "simple":
            client.receive_until("Z")
        assert client.value("select 'next'") == "next"
        assert other.value("select 'other'") == "other"


@pytest.mark.compat
def test_copy_fail_ends_with_an_error(one_server, table):
    with one_server.login() as client:
        copy_in(client, table, "simple")
        client.send(m.copy_data(b"x\n"), m.copy_fail("changed my mind"))
        received = client.receive_until("Z")
        assert m.kinds(received) == "EZ" and "changed my mind" in received[0].fields["M"]
        assert client.value(f"select count(*) from {table}") == "0"


@pytest.mark.quick
@pytest.mark.parametrize("data", [b"good\n", b"bad\tcolumn\n"], ids=["success", "error"])
def test_s140_query_behind_a_copy_gets_its_own_answer(one_server, table, data):
    """The worst defect of the original: the answer went to the next client."""
    with one_server.login() as client, one_server.login() as other:
        copy_in(client, table, "simple")
        client.send(m.copy_data(data), m.COPY_DONE, m.query("select 'mine', pg_sleep(0.5)"))
        other.send(m.query("select 'yours'"))
        client.receive_until("Z")
        assert m.rows(client.receive_until("Z")) == [["mine", ""]]
        assert m.rows(other.receive_until("Z")) == [["yours"]]
        one_server.wait_pool(sv_active=0, sv_idle=1)


@pytest.mark.compat
@pytest.mark.quick
def test_s141_copy_data_ahead_of_the_servers_answer_still_releases(one_server, table):
    with one_server.login() as client, one_server.login() as other:
        client.send(m.query(f"copy {table} from stdin"), m.copy_data(b"early\n"), m.COPY_DONE)
        assert m.kinds(client.receive_until("Z")) == "GCZ"
        one_server.wait_pool(sv_active=0, sv_idle=1)
        assert other.value(f"select v from {table}") == "early"


@pytest.mark.compat
def test_copy_out_arrives_whole(one_server):
    with one_server.login() as client:
        received = client.query("copy (select repeat('x', 100) from generate_series(1, 20000)) to stdout")
        assert m.kinds(received) == "H" + "d" * 20000 + "cCZ"
        assert {x.body for x in received if x.kind == "d"} == {b"x" * 100 + b"\n"}


@pytest.mark.compat
def test_copy_both_ways_one_after_the_other(one_server, table):
    with one_server.login() as client:
        copy_in(client, table, "simple")
        client.send(*(m.copy_data(f"row {i}\n".encode()) for i in range(5000)), m.COPY_DONE)
        client.receive_until("Z")
        received = client.query(f"copy {table} to stdout")
        assert m.kinds(received).count("d") == 5000


@pytest.mark.compat
@pytest.mark.quick
def test_s142_max_packet_size_ends_the_client(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "max_packet_size": 3000})
    with pooler.login() as client:
        packet = m.query("select 1 /* " + "x" * 4000 + " */")
        client.send(packet)
        client.expect_fatal(f"bad packet header: '{packet[:8].hex()}'")
    with pooler.login() as client:
        with pytest.raises(ServerError) as caught:
            client.query("select repeat('x', 5000)")
        assert caught.value.fields["M"] == "bad pkt header"


@pytest.mark.compat
@pytest.mark.quick
def test_s143_large_rows_and_queries_pass(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "pkt_buf": 4096})
    with pooler.wire(timeout=60) as client:
        client.login()
        size = 20_000_000 if net.patience == 1 else 2_000_000
        assert len(client.value(f"select repeat('x', {size})")) == size
        text = "y" * (size // 4)
        assert client.value(f"select '{text}'") == text


@pytest.mark.compat
@pytest.mark.quick
def test_s143_memory_stays_bounded_for_a_slow_reader(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction"})
    with pooler.login() as client, pooler.login() as other:
        other.value("select 1")
        before = pooler.rss_kib()
        client.send(m.query("select repeat('x', 1000) from generate_series(1, 200000)"))
        time.sleep(2)
        assert pooler.rss_kib() - before < 20_000 * net.patience
        assert other.value("select 'not held up'") == "not held up"


@pytest.mark.compat
@pytest.mark.quick
def test_messages_cut_anywhere_arrive_whole(one_server, table):
    generator = random.Random(7)
    with one_server.login() as client:
        stream = m.parse("cut", "select $1::text") + b"".join(
            m.bind("", "cut", [b"%d" % i]) + m.execute() for i in range(40)) + m.SYNC
        position = 0
        while position < len(stream):
            step = generator.choice((1, 1, 2, 3, 5, 50))
            client.send(stream[position:position + step])
            position += step
            if generator.random() < 0.1:
                time.sleep(0.001)
        assert m.rows(client.receive_until("Z")) == [[str(i)] for i in range(40)]


@pytest.mark.compat
def test_server_answers_cut_anywhere_arrive_whole(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        answer = (m.row_description(["v"]) + m.data_row(["text " * 30]) + m.notice_response("n") +
                  m.command_complete("SELECT 1") + m.ready())
        for i in range(len(answer)):
            connection.send(answer[i:i + 1])
        connection.serve()

    server = fake_server(script)
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"}, {"pool_mode": "transaction"})
    with pooler.login() as client:
        received = client.query("select 1")
        assert m.kinds(received) == "TDNCZ" and m.rows(received) == [["text " * 30]]
        assert client.value("echo next") == "next"


@pytest.mark.compat
@pytest.mark.quick
def test_function_call_is_answered_and_releases(one_server):
    with one_server.login() as client:
        oid = int(client.value("select 'pg_catalog.int4abs'::regproc::oid"))
        client.send(m.function_call(oid, [b"-42"]))
        received = client.receive_until("Z")
        assert m.kinds(received) == "VZ" and received[0].body == b"\0\0\0\x0242"
        one_server.wait_pool(sv_active=0, sv_idle=1)


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_s144_cancel_ends_the_running_query(start_pooler, postgres, mode):
    pooler = start_pooler(settings={"pool_mode": mode})
    with pooler.login() as client:
        client.send(m.query(f"select pg_sleep(30) /* {pooler.port} */"))
        postgres.wait_running(f"/* {pooler.port} */")
        assert send_cancel(pooler.port, client.key) == b""
        received = client.receive_until("Z")
        assert m.kinds(received).endswith("EZ") and received[-2].fields["C"] == "57014"
        assert client.value("select 'goes on'") == "goes on"
    pooler.wait_log("successfully sent cancel request")


def slow_cancel_server(connection):
    """Acts on a cancel request only after three seconds; a query runs for one second."""
    connection.read_startup(hold_cancel=lambda: time.sleep(3))
    connection.greet()
    while connection.read().kind != "X":
        time.sleep(1)
        connection.answer("done")


@pytest.mark.compat
def test_s145_server_is_held_back_while_a_cancel_is_in_flight(start_pooler, fake_server):
    pooler = fake_pool(start_pooler, fake_server(slow_cancel_server), server_tls_sslmode="disable")
    with pooler.login() as client, pooler.login() as other:
        client.send(m.query("select 1"))
        time.sleep(0.3)
        with cancels_under_way(pooler.port, client):
            assert m.rows(client.receive_until("Z")) == [["done"]]
            began = time.monotonic()
            other.send(m.query("select 2"))
            pooler.wait_pool(sv_being_canceled=1)
            assert m.rows(other.receive_until("Z")) == [["done"]]
            assert time.monotonic() - began > 2


def test_cancels_in_flight_are_shown(start_pooler, fake_server):
    server = fake_server(slow_cancel_server)
    pooler = fake_pool(start_pooler, server, server_tls_sslmode="disable")
    with pooler.login() as client:
        client.send(m.query("select 1"))
        time.sleep(0.2)
        with cancels_under_way(pooler.port, client, client):
            pooler.wait_pool(cl_active_cancel_req=1, cl_waiting_cancel_req=1, sv_active_cancel=1)
            clients = [(row["state"], row["user"], row["database"]) for row in pooler.show("CLIENTS")]
            for state in ("active_cancel_req", "waiting_cancel_req"):
                assert (state, "(nouser)", "p0") in clients
            delivering, = (row for row in pooler.show("SERVERS") if row["state"] == "active_cancel")
            assert (delivering["addr"], delivering["port"]) == ("127.0.0.1", str(server.port))
            assert delivering["local_addr"] == "127.0.0.1" and int(delivering["local_port"]) > 0
            assert delivering["ptr"] in [row["link"] for row in pooler.show("CLIENTS")]
            client.receive_until("Z")


def test_s146_cancels_are_forwarded_within_the_connection_limit(start_pooler, fake_server):
    server = fake_server(slow_cancel_server)
    pooler = fake_pool(start_pooler, server, server_tls_sslmode="disable", cancel_wait_timeout=1)
    with pooler.login() as client:
        client.send(m.query("select 1"))
        time.sleep(0.2)
        with cancels_under_way(pooler.port, *[client] * 4):
            client.receive_until("Z")
    assert len(server.cancels) == 1


class SlowServer:
    """Script of a server whose answers wait: those to `hold NAME` for let("NAME"), those to cancel requests for
    let("cancels"), and once let("first") was said, those to a SET of the application name `first` for let("set")."""

    def __init__(self):
        names = ("first", "second", "holding first", "holding second", "cancels", "setting", "set")
        self.events = {name: threading.Event() for name in names}

    def let(self, name):
        self.events[name].set()

    def wait(self, name):
        assert self.events[name].wait(20 * net.patience), name

    def __call__(self, connection):
        connection.read_startup(hold_cancel=lambda: self.wait("cancels"))
        connection.greet()
        key = m.backend_key(connection.number + 1, 4711 + connection.number)[5:]
        while (message := connection.read()).kind == "Q":
            self.answer(connection, key, message.tag)

    def answer(self, connection, key, sql):
        if sql.startswith("SET"):
            return self.set(connection, key, re.search(r"application_name='(\w+)'", sql).group(1))
        if sql.startswith("hold "):
            name = sql.split()[1]
            self.let(f"holding {name}")
            self.wait(name)
        return connection.answer("done")

    def set(self, connection, key, name):
        if name == "first" and self.events["first"].is_set():
            self.let("setting")
            self.wait("set")
        if key in connection.server.cancels:
            return connection.send(m.error_response("57014", "canceling statement"), m.ready())
        return connection.send(m.parameter_status("application_name", name), m.command_complete("SET"), m.ready())


def test_cancel_that_had_to_wait_spares_the_settings_of_its_client(start_pooler, fake_server):
    script = SlowServer()
    server = fake_server(script)
    pooler = fake_pool(start_pooler, server, server_tls_sslmode="disable", default_pool_size=2)

    def login(name):
        return pooler.login(application_name=name)

    with login("first") as first, login("second") as second, login("third") as third:
        first.send(m.query("hold first"))
        second.send(m.query("hold second"))
        # Before, while its application name is being set, a client can not be cancelled.
        script.wait("holding first")
        script.wait("holding second")
        with cancels_under_way(pooler.port, second, second):
            pooler.wait_pool(sv_active_cancel=2)
            with cancels_under_way(pooler.port, first):
                pooler.wait_pool(cl_waiting_cancel_req=1)
                third.send(m.query("select 1"))
                pooler.wait_pool(cl_waiting=1)
                script.let("first")
                first.receive_until("Z")
                first.send(m.query("select 2"))
                script.wait("setting")
                script.let("cancels")
        script.let("set")
        assert m.rows(first.receive_until("Z")) == [["done"]]
        assert m.rows(third.receive_until("Z")) == [["done"]]
        script.let("second")
        second.receive_until("Z")
    assert len(server.cancels) == 2


@pytest.mark.compat
@pytest.mark.quick
def test_s147_useless_cancels_are_closed_silently(tx):
    with tx.login() as client:
        client.value("select 1")
        wrong = bytes([client.key[0] ^ 1]) + client.key[1:]
        for key in (wrong, client.key, client.key[:4], b""):
            assert send_cancel(tx.port, key) == b""
        assert client.value("select 1") == "1"
    assert "failed cancel request" in tx.log() and "cancel request for idle client" in tx.log()


@pytest.mark.compat
def test_s148_cancel_goes_to_the_server_without_tls(start_pooler, fake_server):
    seen = []

    def script(connection):
        code, _ = connection.read_packet()
        seen.append(code)
        if code == 80877103:
            connection.send(b"N")
            code, _ = connection.read_packet()
            seen.append(code)
        if code == 80877102:
            return
        connection.greet()
        connection.read()
        time.sleep(1.5)
        connection.answer("done")
        connection.serve()

    server = fake_server(script)
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"},
                          {"pool_mode": "transaction", "server_tls_sslmode": "prefer"})
    with pooler.login() as client:
        client.send(m.query("select 1"))
        time.sleep(0.3)
        assert send_cancel(pooler.port, client.key) == b""
        client.receive_until("Z")
    assert seen == [80877103, 196608, 80877102]


@pytest.mark.compat
@pytest.mark.quick
def test_cancel_never_hits_the_next_client(one_server):
    """Cancels race with the end of short queries; only the cancelled client may ever see 57014."""
    with one_server.login() as victim, one_server.login() as bystander:
        for _ in range(15):
            victim.send(m.query("select pg_sleep(0.02)"))
            with cancels_under_way(one_server.port, victim):
                victim.receive_until("Z")
                received = bystander.query("select pg_sleep(0.03)")
                assert m.kinds(received) == "TDCZ"


@pytest.mark.compat
def test_cancel_with_tls_first(start_pooler, authority, postgres):
    cert, key = authority.server
    pooler = start_pooler(settings={"client_tls_sslmode": "allow", "client_tls_cert_file": cert,
                                    "client_tls_key_file": key})
    with pooler.login() as client:
        client.send(m.query(f"select pg_sleep(30) /* {pooler.port} */"))
        postgres.wait_running(f"/* {pooler.port} */")
        with pooler.wire() as canceller:
            canceller.start_tls().send(m.cancel_request(client.key))
            canceller.expect_closed()
        assert client.receive_until("Z")[-2].fields["C"] == "57014"
