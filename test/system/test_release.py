"""When a server is given back and in which state (behaviour.md 4)."""

import time

import pytest

from harness import messages as m
from harness import net

PID = "select pg_backend_pid()"


@pytest.fixture
def pool_of(start_pooler):
    """Makes a pooler of this mode with default_pool_size=1."""
    def start(mode, **settings):
        return start_pooler(settings={"pool_mode": mode, "default_pool_size": 1, **settings})
    return start


@pytest.mark.compat
@pytest.mark.quick
def test_s099_server_is_linked_from_begin_to_commit(tx):
    with tx.login() as client:
        assert client.query("begin")[-1].body == b"T"
        tx.wait_pool(sv_active=1, sv_idle=0)
        assert client.query("commit")[-1].body == b"I"
        tx.wait_pool(sv_active=0, sv_idle=1)


UNCLEAN = {
    "open-transaction": lambda c: c.query("begin"),
    "failed-transaction": lambda c: (c.query("begin"), c.query("select 1/0")),
    "running-query": lambda c: c.send(m.query("select pg_sleep(3)")),
    "copy-in": lambda c: (c.send(m.query("copy pg_temp.t from stdin")), c.expect("G")),
    "flush-without-sync": lambda c: (c.send(m.parse("", "select 1"), m.FLUSH), c.expect("1")),
}


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("state", UNCLEAN)
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_s100_client_leaving_an_unclean_server_has_it_closed(pool_of, postgres, state, mode):
    if (mode, state) == ("transaction", "copy-in"):
        prepare = "create temp table t(v text)"
    else:
        prepare = "create temp table if not exists t(v text)"
    pooler = pool_of(mode)
    client = pooler.login()
    client.query(prepare)
    pid = client.value(PID)
    UNCLEAN[state](client)
    pooler.wait_pool(sv_active=1)
    client.close()
    with pooler.login() as other:
        assert other.value(PID) != pid
        assert other.query("select 1")[-1].body == b"I"
    pooler.wait_log("client disconnect while server was not ready")


@pytest.mark.compat
@pytest.mark.quick
def test_s101_session_is_reset_and_its_backend_reused(pool_of):
    pooler = pool_of("session")
    client = pooler.login()
    pid = client.value(PID)
    client.query("set work_mem to '3333kB'")
    client.query("prepare mine as select 1")
    client.query("create temp table scratch (v int)")
    client.terminate()
    with pooler.login() as other:
        assert other.value(PID) == pid
        assert other.value("show work_mem") == "4MB"
        assert other.rows("select * from pg_prepared_statements") == []
        assert other.value("select to_regclass('pg_temp.scratch')") is None


@pytest.mark.compat
def test_s103_reset_query_always_runs_after_each_transaction(pool_of):
    pooler = pool_of("transaction", server_reset_query="set work_mem to '5555kB'", server_reset_query_always=1)
    with pooler.login() as client:
        assert client.value("show work_mem") == "4MB"
        assert client.value("show work_mem") == "5555kB"


@pytest.mark.compat
def test_s103_reset_query_does_not_run_in_transaction_mode(pool_of):
    pooler = pool_of("transaction", server_reset_query="set work_mem to '5555kB'")
    with pooler.login() as client:
        client.query("select 1")
        assert client.value("show work_mem") == "4MB"


@pytest.mark.compat
@pytest.mark.parametrize("delay,idle,checks", [(0, 0, 2), (1, 0, 0), (1, 2, 1)], ids=["always", "within", "after"])
def test_s104_check_query_runs_before_reuse_as_the_delay_says(start_pooler, fake_server, delay, idle, checks):
    server = fake_server()
    settings = {"pool_mode": "transaction", "server_check_query": "check", "server_check_delay": delay}
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"}, settings)
    with pooler.login() as client:
        for i in range(3 if delay == 0 else 2):
            client.value("select 1")
            time.sleep(idle * net.patience if i == 0 else 0)
    found = server.queries().count("check")
    assert found == checks or (delay == 0 and found == checks + 1)


@pytest.mark.compat
def test_s106_server_lifetime_zero_gives_each_transaction_a_new_backend(pool_of):
    pooler = pool_of("transaction", server_lifetime=0)
    with pooler.login() as client:
        assert len({client.value(PID) for _ in range(4)}) == 4
    assert "server lifetime over" in pooler.log()


@pytest.mark.compat
@pytest.mark.quick
def test_s107_idle_server_is_closed_after_server_idle_timeout(pool_of):
    pooler = pool_of("transaction", server_idle_timeout=1)
    with pooler.login() as client:
        client.query("select 1")
        pooler.wait_pool(sv_idle=1)
        pooler.wait_pool(sv_idle=0)
        assert client.value("select 1") == "1"
    assert "server idle timeout" in pooler.log()


@pytest.mark.compat
@pytest.mark.quick
def test_s108_transaction_block_is_refused_in_statement_mode(pool_of):
    pooler = pool_of("statement")
    with pooler.login() as client:
        client.send(m.query("begin"))
        while True:
            message = client.receive()
            if message.kind == "E":
                break
        assert message.fields == {"S": "FATAL", "C": "08P01",
                                  "M": "transaction blocks not allowed in statement pooling mode"}
        client.expect_closed()


@pytest.mark.compat
def test_s109_whole_transaction_in_one_query_is_allowed_in_statement_mode(pool_of):
    pooler = pool_of("statement")
    with pooler.login() as client:
        assert m.rows(client.query("begin; select 1; commit")) == [["1"]]
        client.send(m.query("begin; select 1"))
        errors = []
        while not errors:
            message = client.receive()
            errors = [message] if message.kind == "E" else []
        assert errors[0].fields["M"] == "transaction blocks not allowed in statement pooling mode"


@pytest.mark.compat
def test_s110_extended_begin_with_flush_and_commit_before_sync_works_in_statement_mode(pool_of):
    pooler = pool_of("statement")
    run = lambda sql: m.parse("", sql) + m.bind("", "") + m.execute()
    with pooler.login() as client:
        client.send(run("begin"), m.FLUSH)
        client.receive_until("C")
        received = client.extended(run("select 'in'"), run("commit"))
        assert m.rows(received) == [["in"]] and received[-1].body == b"I"


@pytest.mark.compat
@pytest.mark.quick
def test_s115_idle_transaction_timeout_ends_the_client(pool_of):
    pooler = pool_of("transaction", idle_transaction_timeout=1)
    with pooler.login() as client:
        client.query("begin")
        client.expect_fatal("idle transaction timeout")
    with pooler.login() as client:
        assert m.rows(client.query("begin; select pg_sleep(1.5); commit")) == [[""]]


@pytest.mark.compat
@pytest.mark.quick
def test_s116_query_timeout_ends_a_long_query(pool_of):
    pooler = pool_of("transaction", query_timeout=1)
    with pooler.login() as client:
        client.send(m.query("select pg_sleep(20)"))
        client.expect_fatal("query timeout")


@pytest.mark.parametrize("limit", ["query", "transaction"])
def test_timeout_ends_a_long_query_behind_a_short_one(pool_of, limit):
    pooler = pool_of("transaction", **{f"{limit}_timeout": 1})
    with pooler.login() as client:
        client.send(m.query("select 1") + m.query("select pg_sleep(20)"))
        assert m.kinds(client.receive_until("Z")) == "TDCZ"
        client.expect_fatal(f"{limit} timeout")


@pytest.mark.compat
def test_s116_query_timeout_of_a_waiter_is_spelt_otherwise(pool_of):
    pooler = pool_of("transaction")
    with pooler.login() as holder, pooler.login() as waiter:
        holder.query("begin")
        pooler.admin("SET query_timeout = 1")
        waiter.send(m.query("select 1"))
        waiter.expect_fatal("query_timeout")


def test_s116_query_timeout_spares_idle_transactions(pool_of):
    pooler = pool_of("transaction", query_timeout=1)
    with pooler.login() as client:
        client.query("begin")
        time.sleep(2)
        assert client.value("select 1") == "1"


def test_s117_transaction_timeout_ends_a_long_statement(pool_of):
    pooler = pool_of("transaction", transaction_timeout=1)
    with pooler.login() as client:
        client.send(m.query("select pg_sleep(4)"))
        client.expect_fatal("transaction timeout")


@pytest.mark.compat
@pytest.mark.quick
def test_s118_client_idle_timeout_ends_only_unlinked_clients(start_pooler):
    pooler = start_pooler(settings={"client_idle_timeout": 1})
    with pooler.login() as linked, pooler.login() as unlinked:
        linked.query("select 1")
        unlinked.expect_fatal("client_idle_timeout")
        time.sleep(0.5)
        assert linked.value("select 1") == "1"


def test_s119_timeout_of_one_user_spares_the_others(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction"}, user_settings={"bob": "client_idle_timeout=1"})
    with pooler.login("alice") as alice, pooler.login("bob") as bob:
        bob.expect_fatal("client_idle_timeout")
        time.sleep(0.7)
        assert alice.value("select 1") == "1"


@pytest.mark.compat
@pytest.mark.quick
def test_s120_copy_messages_without_a_server_are_ignored(tx):
    with tx.login() as client:
        client.send(m.copy_data(b"stray\n"), m.copy_fail(), m.COPY_DONE)
        assert client.value("select 1") == "1"


@pytest.mark.compat
def test_unknown_message_type_from_a_client_is_refused(tx):
    with tx.login() as client:
        client.send(m.message("?", b"abc"))
        client.expect_fatal("unknown pkt")


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_pipelined_queries_followed_by_terminate_are_all_answered_or_cleanly_dropped(pool_of, mode, table):
    pooler = pool_of(mode)
    client = pooler.login()
    client.send(m.query(f"insert into {table} values ('x')"), m.TERMINATE)
    while True:
        try:
            client.receive()
        except Exception:
            break
    with pooler.login() as other:
        assert other.value("select 'clean'") == "clean"
        assert other.query("select 1")[-1].body == b"I"


@pytest.mark.compat
@pytest.mark.quick
def test_transaction_state_never_passes_to_the_next_client(pool_of):
    pooler = pool_of("transaction")
    for ending in ("close", "terminate"):
        client = pooler.login()
        client.query("begin")
        client.query("set local work_mem = '7777kB'")
        getattr(client, ending)()
        with pooler.login() as other:
            assert other.value("show work_mem") == "4MB"
            assert "no transaction" in str([x.fields for x in other.query("commit") if x.kind == "N"])


@pytest.mark.compat
def test_notices_arrive_in_order_and_unchanged(tx):
    with tx.login() as client:
        received = client.query("do $$ begin raise notice 'one %', repeat('x', 9000); raise warning 'two'; end $$")
        assert m.kinds(received) == "NNCZ"
        assert received[0].fields["M"] == "one " + "x" * 9000 and received[1].fields["S"] == "WARNING"


@pytest.mark.compat
def test_notifications_arrive_in_session_mode(pooler):
    with pooler.login() as listener, pooler.login() as speaker:
        listener.query("listen news")
        speaker.query("notify news, 'hello'")
        note = listener.expect("A")
        assert note.body[4:] == b"news\0hello\0"
        assert listener.value("select 1") == "1"


@pytest.mark.compat
def test_s162_server_fast_close_ends_idle_sessions_on_reconnect(start_pooler):
    pooler = start_pooler(settings={"server_fast_close": 1})
    with pooler.login() as client, pooler.login() as busy:
        client.query("select 1")
        busy.query("begin")
        pooler.admin("RECONNECT")
        client.expect_fatal("database configuration changed")
        busy.expect_silence(0.5)
        busy.send(m.query("commit"))
        assert m.kinds(busy.receive_until("Z")) == "CZ"
        busy.expect_fatal("database configuration changed")


def test_server_fast_close_spares_the_second_query_of_a_pipeline(start_pooler):
    pooler = start_pooler(settings={"server_fast_close": 1})
    with pooler.login() as client:
        client.send(m.query("select 1") + m.query("select pg_sleep(2)"))
        assert m.kinds(client.receive_until("Z")) == "TDCZ"
        pooler.admin("RECONNECT")
        assert m.kinds(client.receive_until("Z")) == "TDCZ"
        client.expect_fatal("database configuration changed")


@pytest.mark.compat
def test_s102_reset_query_that_fails_leaves_the_pool_usable(pool_of):
    pooler = pool_of("session", server_reset_query="select 1/0")
    for _ in range(3):
        client = pooler.login()
        assert client.value("select 1") == "1"
        client.terminate()
