"""Hostile clients and hostile servers against the data path: nobody may get what is another's (behaviour.md 11.2)."""

import contextlib
import socket
import struct
import threading
import time

import pytest

from harness import messages as m
from harness import net
from harness.fake_server import fake_pool
from harness.wire import Closed, cancels_under_way


# --- hostile clients ---------------------------------------------------------------------------------------------------

@pytest.fixture
def failing_table(table, postgres):
    """A function that makes every COPY into the table fail after a second: before its first row, or at it."""
    def make(level):
        with postgres.connect("p0") as connection:
            connection.execute(f"create function {table}_fails() returns trigger language plpgsql as "
                               "$$ begin perform pg_sleep(1); raise exception 'no'; end $$")
            connection.execute(f"create trigger fails before insert on {table} for each {level} "
                               f"execute function {table}_fails()")
        return table

    yield make
    with postgres.connect("p0") as connection:
        connection.execute(f"drop function if exists {table}_fails() cascade")


def rest_of_copy():
    """So much that the server needs a while to step over it."""
    return m.copy_data(b"y\n") * 20000 + m.COPY_DONE + m.SYNC


@pytest.mark.quick
@pytest.mark.parametrize("level", ["row", "statement"])
def test_sync_inside_a_failing_copy_never_shifts_the_answers_of_others(one_server, failing_table, level):
    """Whether the server ignored a Sync inside a COPY or answers it depends on when the COPY failed: it may answer once
    more than the pooler can know. That answer must not be taken for another client's."""
    table = failing_table(level)
    with one_server.login() as hostile, one_server.login() as one, one_server.login() as two:
        hostile.send(m.parse("", f"copy {table} from stdin"), m.bind("", ""), m.execute())
        if level == "statement":
            hostile.send(m.SYNC)
            hostile.receive_until("G")
            hostile.send(rest_of_copy())
        else:
            hostile.send(m.copy_data(b"x\n"), m.SYNC, rest_of_copy())
        time.sleep(0.3)
        for client, value in ((one, "one"), (two, "two")):
            client.send(m.query(f"select '{value}' from pg_sleep(0.2)"))
        received = hostile.receive_until("Z")
        assert "E" in m.kinds(received)
        # The server answers both Syncs, one after the other.
        assert m.kinds(hostile.receive_until("Z")) == "Z"
        assert m.rows(hostile.query("select 'mine'")) == [["mine"]]
        assert m.rows(one.receive_until("Z")) == [["one"]]
        assert m.rows(two.receive_until("Z")) == [["two"]]


@pytest.mark.quick
def test_sync_in_front_of_copy_data_that_fails_is_ignored(one_server, table):
    """The common case, as libpq does it: the server reads the Sync inside its COPY and does not answer it."""
    with one_server.login() as client, one_server.login() as other:
        for _ in range(3):
            client.send(m.parse("", f"copy {table} from stdin"), m.bind("", ""), m.execute(), m.SYNC)
            client.receive_until("G")
            client.send(m.copy_data(b"x\tsurplus\n"), m.COPY_DONE, m.SYNC)
            assert m.kinds(client.receive_until("Z")) == "EZ"
            assert client.value("select 'next'") == "next"
            assert other.value("select 'other'") == "other"


def test_copy_that_failed_and_was_given_up_does_not_keep_its_server(one_server, table):
    """A client that goes on without a CopyDone has ended its copy, too."""
    with one_server.login() as client, one_server.login() as other:
        client.send(m.query(f"copy {table} from stdin"), m.copy_data(b"x\tsurplus\n"))
        assert m.kinds(client.receive_until("Z")) == "GEZ"
        assert client.value("select 'next'") == "next"
        assert other.value("select 'other'") == "other"


@pytest.mark.quick
def test_copy_done_behind_a_copy_that_failed_gives_the_server_back(one_server, table):
    """Nothing is owed to the client any more, and it says nothing more."""
    with one_server.login() as client, one_server.login() as other:
        client.send(m.query(f"copy {table} from stdin"), m.copy_data(b"x\tsurplus\n"))
        assert m.kinds(client.receive_until("Z")) == "GEZ"
        client.send(m.COPY_DONE)
        assert other.value("select 'other'") == "other"


@pytest.mark.quick
def test_half_copy_data_of_a_client_that_breaks_the_protocol_is_not_completed_by_the_next(one_server, table):
    """The server waits for the rest of a CopyData when the COPY has failed; the rest comes with the end of its client."""
    unfinished = m.copy_data(b"y\n" * 100)
    with one_server.login() as client, one_server.login() as other:
        client.send(m.query(f"copy {table} from stdin"), m.copy_data(b"x\tsurplus\n"), unfinished[:50])
        assert m.kinds(client.receive_until("Z")) == "GEZ"
        client.send(unfinished[50:] + m.message("@"))
        client.receive_until("E")
        assert other.value(f"select '{'mine' * 100}'") == "mine" * 100


@pytest.mark.quick
def test_request_in_front_of_terminate_is_carried_out(start_pooler, postgres, table):
    """By a server that is linked; queued requests of clients that left are not (guarantee G6)."""
    pooler = start_pooler(settings={"pool_mode": "session"})
    with pooler.login() as client, postgres.connect("p0") as direct:
        client.query("select 1")
        client.send(m.query(f"insert into {table} values ('kept')") + m.TERMINATE)
        client.close()
        net.wait_for(lambda: direct.execute(f"select count(*) from {table}").fetchone() == (1,), what="the row")


@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_client_that_resets_its_connection_behind_a_request_gives_its_server_back(start_pooler, mode):
    """The bytes in front of the reset are read first; then nothing more may be heard of the descriptor."""
    pooler = start_pooler(settings={"pool_mode": mode, "default_pool_size": 1})
    for _ in range(5):
        client = pooler.login()
        client.query("begin")
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with pooler.stopped():
            client.send(m.query("select 1")[:-3])
            client.close()
            time.sleep(0.05)
        with pooler.login() as other:
            assert other.value("select 'served'") == "served"


def run(name, *values):
    return m.bind("", name, values) + m.execute()


def test_statements_of_an_aborted_pipeline_are_known_as_the_server_knows_them(start_pooler):
    """Injected Parse and Close messages that the server skipped are undone in the reverse of their order."""
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1, "max_prepared_statements": 1})
    with pooler.login() as client:
        for name in ("a", "b"):
            assert m.kinds(client.extended(m.parse(name, f"select '{name}'"))) == "1Z"
        assert m.rows(client.extended(run("a"))) == [["a"]]
        error = m.parse("", "select 1/0") + m.bind("", "") + m.execute()
        received = client.extended(error, run("b"), run("a"), run("b"), run("a"))
        assert m.kinds(received)[-2:] == "EZ" and received[-2].fields["C"] == "22012"
        for name in ("a", "b", "a"):
            assert m.rows(client.extended(run(name))) == [[name]]


@pytest.mark.parametrize("limit", [1, 100])
def test_pipeline_behind_an_aborted_one_finds_its_statements(start_pooler, limit):
    """Sent in one write, so that the pooler can not know yet that the server skipped its Parse and Close messages."""
    settings = {"pool_mode": "transaction", "default_pool_size": 1, "max_prepared_statements": limit}
    pooler = start_pooler(settings=settings)
    with pooler.login() as client, pooler.login() as other:
        for name in ("a", "b"):
            assert m.kinds(client.extended(m.parse(name, f"select '{name}'"))) == "1Z"
        other.query("deallocate all")
        error = m.parse("", "select 1/0") + m.bind("", "") + m.execute()
        client.send(error, run("a"), run("b"), m.SYNC, run("a"), run("b"), run("a"), m.SYNC, run("b"), m.SYNC)
        assert client.receive_until("Z")[-2].fields["C"] == "22012"
        received = client.receive_until("Z")
        assert (m.kinds(received), m.rows(received)) == ("2DC2DC2DCZ", [["a"], ["b"], ["a"]])
        assert m.rows(client.receive_until("Z")) == [["b"]]
        for name in ("a", "b", "a"):
            assert m.rows(client.extended(run(name))) == [[name]]


def test_statement_that_two_aborted_pipelines_kept_from_the_server_is_not_believed_known(one_server):
    """The second, sent before the first was answered, closes and parses the statement anew: when the server skips that,
    too, the Close has taken nothing away that could come back."""
    with one_server.login() as client, one_server.login() as other:
        assert m.kinds(client.extended(m.parse("a", "select 'a'"))) == "1Z"
        other.query("deallocate all")
        error = m.parse("", "select 1/0") + m.bind("", "") + m.execute()
        client.send(error, run("a"), m.SYNC, error, run("a"), m.SYNC)
        for _ in range(2):
            assert client.receive_until("Z")[-2].fields["C"] == "22012"
        assert m.rows(client.extended(run("a"))) == [["a"]]


@pytest.mark.parametrize("statement", ["discard all", "deallocate all"])
def test_statement_parsed_behind_a_pipelined_deallocate_all_is_known(one_server, statement):
    """Both in one write: the answer to the first must not make the pooler forget the second, which came after it."""
    with one_server.login() as client:
        client.send(m.query(statement), m.parse("kept", "select 'kept'"), m.SYNC)
        assert client.receive_until("Z")[-2].kind in "CS"
        assert m.kinds(client.receive_until("Z")) == "1Z"
        assert m.rows(client.extended(run("kept"))) == [["kept"]]
        assert m.kinds(client.extended(m.parse("again", "select 'kept'"))) == "1Z"
        assert m.rows(client.extended(run("again"))) == [["kept"]]


# --- hostile servers ---------------------------------------------------------------------------------------------------

@pytest.mark.quick
@pytest.mark.parametrize("missing", [1, 10, 60])
def test_error_is_never_put_inside_a_half_row(start_pooler, fake_server, missing):
    """A server that dies inside a row: the pooler's words would complete the row (guarantee G7)."""
    row = m.data_row(["x" * 200])

    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.send(m.row_description(["v"]), row[:-missing])
        time.sleep(0.5)

    with fake_pool(start_pooler, fake_server(script)).login() as client:
        client.send(m.query("select 1"))
        client.expect("T")
        with pytest.raises(Closed) as closed:
            client.receive()
        assert "FATAL" not in str(closed.value)


def test_timeouts_and_kills_say_nothing_inside_a_half_row(start_pooler, fake_server):
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.send(m.row_description(["v"]), m.data_row(["x" * 200])[:-10])
        connection.read()

    pooler = fake_pool(start_pooler, fake_server(script), query_timeout=1)
    with pooler.login() as client:
        client.send(m.query("select 1"))
        client.expect("T")
        with pytest.raises(Closed):
            client.receive()


@pytest.mark.quick
def test_server_whose_cancel_was_given_up_is_not_used_again(start_pooler, fake_server):
    """The request may still reach the server, and would end somebody else's query (guarantee G3)."""
    def script(connection):
        connection.read_startup(hold_cancel=lambda: time.sleep(4))
        connection.greet()
        while connection.read().kind == "Q":
            time.sleep(1)
            connection.answer(f"server {connection.number}")

    server = fake_server(script)
    pooler = fake_pool(start_pooler, server, server_tls_sslmode="disable", server_connect_timeout=2)
    with pooler.login() as client, pooler.login() as other:
        client.send(m.query("select 1"))
        time.sleep(0.3)
        with cancels_under_way(pooler.port, client):
            first = client.receive_until("Z")
            other.send(m.query("select 2"))
            assert m.rows(other.receive_until("Z")) != m.rows(first)
    assert len(server.cancels) == 1


def test_server_that_says_more_at_login_costs_its_waiter_nothing(start_pooler, fake_server):
    """The server is dropped while it is being given to a waiting client, which must get another."""
    def script(connection):
        connection.read_startup()
        values = {"server_version": "15.0", "client_encoding": "UTF8"}
        surplus = m.notice_response("one more thing") if connection.number in (1, 2) else b""
        connection.send(m.AUTH_OK, *(m.parameter_status(k, v) for k, v in values.items()), m.backend_key(1, 1),
                        m.ready(), surplus)
        connection.serve()

    pooler = fake_pool(start_pooler, fake_server(script), server_lifetime=0, server_login_retry=0)
    with pooler.login() as client:
        for value in ("1", "2", "3"):
            assert client.value(f"echo {value}") == value


SURPLUS = m.row_description(["v"]) + m.data_row(["surplus"]) + m.command_complete("SELECT 1") + m.ready()


@pytest.mark.quick
def test_answer_that_its_client_did_not_take_is_not_sent_to_the_server(start_pooler, fake_server):
    """The client resets its connection in the turn in which the answer comes: only a reset query may follow."""
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        asked.wait(10)
        connection.send(m.row_description(["v"]), m.data_row(["x" * 20000]), m.command_complete("SELECT 1"), m.ready())
        said.set()
        try:
            heard.append(connection.read().kind)
        except (Closed, OSError):
            heard.append("closed")

    asked, said, heard = threading.Event(), threading.Event(), []
    pooler = start_pooler({"p0": fake_server(script).database()}, {"pool_mode": "session"})
    client = pooler.login()
    client.send(m.query("select 1"))
    time.sleep(0.2)
    with pooler.stopped():
        asked.set()
        assert said.wait(10)
        time.sleep(0.1)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        time.sleep(0.05)
    net.wait_for(lambda: heard, what="the end of the loan")
    assert heard[0] in ("Q", "closed", "X")


@pytest.mark.quick
def test_answer_that_came_before_the_question_reaches_nobody(start_pooler, fake_server):
    """A surplus result and the next client's query arrive in the same turn of the loop."""
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.answer("mine" if connection.number == 0 else "fresh")
        if connection.number == 0:
            asked.wait(10)
            connection.send(SURPLUS)
            said.set()
        connection.serve()

    asked, said = threading.Event(), threading.Event()
    pooler = fake_pool(start_pooler, fake_server(script))
    with pooler.login() as one, pooler.login() as two:
        assert one.value("select 1") == "mine"
        with pooler.stopped():
            two.send(m.query("select 2"))
            time.sleep(0.1)
            asked.set()
            assert said.wait(10)
        try:
            received = two.receive_until("Z")
        except Exception as ending:
            received = []
            assert "surplus" not in str(ending)
        assert "surplus" not in str(m.rows(received))


@pytest.mark.quick
def test_server_that_breaks_while_its_client_writes_and_reads_harms_nobody(start_pooler, fake_server):
    """The blocked client's socket has room and has bytes in the same turn; the server turns out to be broken."""
    big = m.data_row(["x" * 1000]) * 12000

    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        if connection.number == 0:
            connection.send(m.row_description(["v"]), big, m.message("?"))
            return
        connection.answer("fresh")
        connection.serve()

    pooler = fake_pool(start_pooler, fake_server(script))
    with pooler.login() as slow, pooler.login() as other:
        slow.send(m.query("select 1"))
        time.sleep(1)
        for _ in range(30):
            with pooler.stopped(), contextlib.suppress(OSError):
                slow.socket.setblocking(False)
                slow.send(m.query("select 2"))
                while slow.socket.recv(1 << 20):
                    pass
            time.sleep(0.02)
        assert other.value("select 3") == "fresh"


def test_endless_row_of_a_reset_query_is_bounded(start_pooler, fake_server):
    """Nobody wants what a reset query returns: it is not kept either."""
    def script(connection):
        connection.read_startup()
        connection.greet()
        connection.read()
        connection.answer("mine")
        connection.read()
        connection.send(b"D" + struct.pack("!i", 1 << 30))
        for _ in range(400):
            connection.send(b"x" * (1 << 18))
        finished.set()

    finished = threading.Event()
    pooler = fake_pool(start_pooler, fake_server(script), server_reset_query="reset", server_reset_query_always=1)
    with pooler.login() as client:
        assert client.value("select 1") == "mine"
        before = pooler.rss_kib()
        assert finished.wait(20 * net.patience)
        assert pooler.rss_kib() - before < 20000
