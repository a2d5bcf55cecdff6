"""Extended protocol and prepared statements (behaviour.md 5)."""

import pytest

from harness import messages as m

SELECT_ONE = m.parse("", "select 1") + m.bind("", "") + m.execute()


@pytest.fixture
def start_one_server(start_pooler):
    """Makes a transaction pooler with a single server."""
    def start(**settings):
        return start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1, **settings})
    return start


@pytest.fixture
def two_servers(start_pooler):
    """A transaction pooler with two servers, used in turn."""
    return start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 2, "server_round_robin": 1})


def run(name, portal=""):
    return m.bind(portal, name) + m.execute(portal)


def prepared(client):
    """name -> text of the statements prepared on the server this client gets."""
    return dict(client.rows("select name, statement from pg_prepared_statements order by name"))


@pytest.mark.quick
def test_s121_statement_gets_a_name_of_the_poolers(start_one_server):
    pooler = start_one_server()
    with pooler.login() as client:
        assert m.kinds(client.extended(m.parse("a", "select 'text of a'"))) == "1Z"
        (name, text), = prepared(client).items()
        assert name.startswith("PGBOUNCER_") and text == "select 'text of a'"
        assert m.rows(client.extended(run("a"))) == [["text of a"]]


@pytest.mark.quick
def test_s122_equal_statements_of_two_clients_share_one_server_statement(start_one_server):
    pooler = start_one_server()
    with pooler.login() as one, pooler.login() as two, pooler.login() as three:
        assert m.kinds(one.extended(m.parse("a", "select $1::int", [23]))) == "1Z"
        assert m.kinds(two.extended(m.parse("b", "select $1::int", [23]))) == "1Z"
        assert len(prepared(one)) == 1
        assert m.kinds(three.extended(m.parse("a", "select $1::int", [20]))) == "1Z"
        assert len(prepared(one)) == 2
        for client, name in ((one, "a"), (two, "b"), (three, "a")):
            assert m.rows(client.extended(m.bind("", name, [b"7"]), m.execute())) == [["7"]]


@pytest.mark.quick
def test_s123_bind_on_another_server_prepares_there_unseen(two_servers):
    with two_servers.login() as holder, two_servers.login() as client:
        holder.query("begin")
        assert m.kinds(client.extended(m.parse("a", "select 'x'"))) == "1Z"
        with two_servers.login() as other:
            other.query("begin")
            holder.query("commit")
            assert m.kinds(client.extended(run("a"))) == "2DCZ"
            assert m.kinds(client.extended(m.describe("S", "a"))) == "tTZ"
            other.query("commit")


def test_s124_second_parse_of_a_name_is_fatal(start_one_server):
    with start_one_server().login() as client:
        client.extended(m.parse("a", "select 1"))
        client.send(m.parse("a", "select 2"), m.SYNC)
        client.expect_fatal("prepared statement name is already in use")


@pytest.mark.quick
@pytest.mark.parametrize("use", [m.bind("", "nope"), m.describe("S", "nope")], ids=["bind", "describe"])
def test_s125_unknown_statement_is_fatal(start_one_server, use):
    with start_one_server().login() as client:
        client.send(use, m.SYNC)
        client.expect_fatal("prepared statement did not exist")


@pytest.mark.quick
def test_s126_close_is_answered_by_the_pooler_even_without_a_free_server(start_one_server):
    pooler = start_one_server()
    with pooler.login() as holder, pooler.login() as client:
        client.extended(m.parse("a", "select 1"))
        holder.query("begin")
        for name in ("a", "unknown"):
            client.send(m.close("S", name))
            client.expect("3")


def test_s127_server_keeps_the_last_used_statements_only(start_one_server):
    pooler = start_one_server(max_prepared_statements=3)
    with pooler.login() as client:
        for i in range(5):
            assert m.kinds(client.extended(m.parse(f"s{i}", f"select {i}"))) == "1Z"
        assert sorted(prepared(client).values()) == ["select 2", "select 3", "select 4"]
        assert m.kinds(client.extended(run("s0"))) == "2DCZ"
        assert sorted(prepared(client).values()) == ["select 0", "select 3", "select 4"]
        for i in range(5):
            assert m.rows(client.extended(run(f"s{i}"))) == [[str(i)]]


def test_s128_failed_parse_keeps_its_name(start_one_server):
    with start_one_server().login() as client:
        received = client.extended(m.parse("bad", "selekt 1"))
        assert m.kinds(received) == "EZ" and received[0].fields["C"] == "42601"
        received = client.extended(run("bad"))
        assert m.kinds(received) == "EZ" and received[0].fields["C"] == "42601"
        client.extended(m.close("S", "bad"))
        assert m.kinds(client.extended(m.parse("bad", "select 1"))) == "1Z"
        client.send(m.parse("bad", "select 1"), m.SYNC)
        client.expect_fatal("prepared statement name is already in use")


@pytest.mark.quick
def test_s129_parse_behind_an_error_is_not_answered_but_works_later(start_one_server):
    with start_one_server().login() as client:
        received = client.extended(m.parse("", "selekt"), m.parse("x", "select 'late'"))
        assert m.kinds(received) == "EZ"
        assert m.rows(client.extended(run("x"))) == [["late"]]


def test_s130_synthesised_answer_behind_an_error_is_not_sent(start_one_server):
    pooler = start_one_server()
    with pooler.login() as one, pooler.login() as two:
        one.extended(m.parse("x", "select 'known'"))
        received = two.extended(m.parse("", "selekt"), m.parse("y", "select 'known'"), m.close("S", "zzz"))
        assert m.kinds(received) == "EZ"
        assert m.kinds(two.extended(run("y"))) == "2DCZ"


@pytest.mark.parametrize("statement", ["deallocate all", "discard all"])
def test_s131_dropping_all_statements_forgets_own_names_only(start_one_server, statement):
    pooler = start_one_server()
    with pooler.login() as one, pooler.login() as two:
        one.extended(m.parse("a", "select 'a'"))
        two.extended(m.parse("b", "select 'b'"))
        one.query(statement)
        assert m.rows(two.extended(run("b"))) == [["b"]]
        assert m.kinds(one.extended(m.parse("a", "select 'again'"))) == "1Z"
        assert m.rows(one.extended(run("a"))) == [["again"]]
        one.query(statement)
        one.send(m.bind("", "a"), m.SYNC)
        one.expect_fatal("prepared statement did not exist")


@pytest.mark.parametrize("statement", ["discard all", "DEALLOCATE ALL"])
def test_parse_of_a_known_text_works_behind_a_query_that_drops_all(start_one_server, statement):
    pooler = start_one_server()
    with pooler.login() as client, pooler.login() as other:
        assert m.kinds(other.extended(m.parse("x", "select 'x'"))) == "1Z"
        client.send(m.query(statement), m.parse("y", "select 'x'"), run("y"), m.SYNC)
        assert m.kinds(client.receive_until("Z")) == "CZ"
        assert m.kinds(client.receive_until("Z")) == "12DCZ"
        assert m.rows(client.extended(run("y"))) == m.rows(other.extended(run("x"))) == [["x"]]


@pytest.mark.parametrize("name", ["", "drop"])
@pytest.mark.parametrize("ends", [b"", m.SYNC])
def test_parse_of_a_known_text_works_behind_an_execute_that_drops_all(start_one_server, name, ends):
    pooler = start_one_server()
    with pooler.login() as client, pooler.login() as other:
        assert m.kinds(other.extended(m.parse("x", "select 'x'"))) == "1Z"
        assert m.kinds(client.extended(m.parse(name, "deallocate all"))) == "1Z"
        client.send(run(name), ends, m.parse("y", "select 'x'"), m.describe("S", "y"), run("y"), m.SYNC)
        kinds = m.kinds(client.receive_until("Z")) + (m.kinds(client.receive_until("Z")) if ends else "")
        assert kinds.replace("Z", "") == "2C1tT2DC"
        assert m.rows(client.extended(run("y"))) == m.rows(other.extended(run("x"))) == [["x"]]


def test_statement_survives_a_drop_of_all_that_fails(start_one_server):
    pooler = start_one_server()
    with pooler.login() as client:
        assert m.kinds(client.extended(m.parse("x", "select 'x'"))) == "1Z"
        client.send(m.query("begin; discard all"), m.query("discard nothing"),
                    m.parse("y", "select 'x'"), run("y"), m.SYNC)
        assert [m.kinds(client.receive_until("Z")) for _ in range(3)] == ["CEZ", "EZ", "EZ"]
        client.query("rollback")
        client.send(m.query("discard nothing"), m.parse("z", "select 'x'"), run("z"), m.SYNC)
        assert [m.kinds(client.receive_until("Z")) for _ in range(2)] == ["EZ", "12DCZ"]
        for name in ("x", "y", "z"):
            assert m.rows(client.extended(run(name))) == [["x"]]


def test_s132_without_tracking_client_names_reach_the_server(start_one_server):
    pooler = start_one_server(max_prepared_statements=0)
    with pooler.login() as client:
        client.extended(m.parse("mine", "select 1"))
        assert list(prepared(client)) == ["mine"]


@pytest.mark.compat
def test_s133_session_mode_leaves_names_and_errors_to_the_server(pooler):
    with pooler.login() as client:
        client.extended(m.parse("mine", "select 1"))
        assert list(prepared(client)) == ["mine"]
        received = client.extended(m.parse("mine", "select 1"))
        assert m.kinds(received) == "EZ" and received[0].fields["C"] == "42P05"


@pytest.mark.compat
@pytest.mark.quick
def test_s134_long_names_texts_and_values_work(start_one_server):
    pooler = start_one_server(pkt_buf=4096)
    name, text, value = "n" * 9000, "select $1::text /* " + "x" * 40000 + " */", b"v" * 40000
    with pooler.login() as client:
        assert m.kinds(client.extended(m.parse(name, text))) == "1Z"
        received = client.extended(m.bind("", name, [value]), m.execute())
        assert m.rows(received) == [[value.decode()]]


@pytest.mark.compat
@pytest.mark.quick
def test_s135_two_syncs_keep_the_server_until_the_second(start_one_server):
    pooler = start_one_server()
    with pooler.login() as client, pooler.login() as other:
        client.send(SELECT_ONE, m.SYNC, m.parse("", "select pg_sleep(1)"), m.bind("", ""), m.execute(), m.SYNC)
        client.receive_until("Z")
        assert pooler.pool()["sv_active"] == 1
        other.send(m.query("select 'after'"))
        assert m.kinds(client.receive_until("Z")) == "12DCZ"
        assert m.rows(other.receive_until("Z")) == [["after"]]


@pytest.mark.compat
@pytest.mark.quick
def test_s136_parse_without_sync_holds_the_server(start_one_server):
    pooler = start_one_server()
    with pooler.login() as one, pooler.login() as two:
        one.send(m.parse("", "select 'mine'"))
        pooler.wait_pool(sv_active=1)
        two.send(m.query("select 'yours'"))
        two.expect_silence(0.5)
        assert m.rows(one.extended(run(""))) == [["mine"]]
        assert m.rows(two.receive_until("Z")) == [["yours"]]


@pytest.mark.compat
@pytest.mark.quick
def test_s137_lone_sync_is_answered(tx):
    with tx.login() as client:
        assert m.kinds(client.extended()) == "Z"


@pytest.mark.compat
def test_s138_simple_queries_can_be_forbidden(start_pooler):
    pooler = start_pooler(settings={"disable_pqexec": 1})
    with pooler.wire() as client:
        client.login()
        assert m.kinds(client.extended(SELECT_ONE)) == "12DCZ"
        client.send(m.query("select 1"))
        client.expect_fatal("PQexec disallowed")


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_long_pipeline_is_answered_in_order(start_pooler, mode):
    pooler = start_pooler(settings={"pool_mode": mode, "default_pool_size": 2})
    with pooler.login() as client:
        parts = []
        for i in range(300):
            parts.append(m.parse("", f"select {i}") + m.bind("", "") + m.describe("P", "") + m.execute())
            parts.append(m.SYNC if i % 3 == 0 else b"")
        client.send(*parts, m.SYNC)
        values, syncs = [], 0
        while syncs < 101:
            message = client.receive()
            syncs += message.kind == "Z"
            values += message.values if message.kind == "D" else []
        assert values == [str(i) for i in range(300)]


@pytest.mark.compat
@pytest.mark.quick
def test_error_in_a_pipeline_skips_to_the_next_sync(tx):
    with tx.login() as client:
        client.send(SELECT_ONE, m.parse("", "select 1/0"), m.bind("", ""), m.execute(), SELECT_ONE, m.SYNC,
                    SELECT_ONE, m.SYNC)
        assert m.kinds(client.receive_until("Z")).startswith("12DC1")
        assert m.kinds(client.receive_until("Z")) == "12DCZ"


@pytest.mark.compat
def test_pipeline_mixes_named_statements_queries_and_closes(start_one_server):
    pooler = start_one_server()
    with pooler.login() as client:
        client.send(m.parse("a", "select 'a'"), run("a"), m.close("S", "a"), m.SYNC, m.query("select 'q'"),
                    m.parse("a", "select 'b'"), run("a"), m.describe("S", "a"), m.SYNC)
        assert m.kinds(client.receive_until("Z")) == "12DC3Z"
        assert m.kinds(client.receive_until("Z")) == "TDCZ"
        assert m.kinds(client.receive_until("Z")) == "12DCtTZ"


@pytest.mark.compat
def test_portal_with_row_limit_is_suspended_and_continued(start_one_server):
    with start_one_server().login() as client:
        client.send(m.parse("s", "select generate_series(1,5)"), m.bind("p", "s"), m.execute("p", 2), m.FLUSH)
        assert m.kinds(client.receive_until("s")) == "12DDs"
        client.send(m.execute("p", 2), m.execute("p", 0), m.close("P", "p"), m.SYNC)
        assert m.kinds(client.receive_until("Z")) == "DDsDC3Z"


@pytest.mark.compat
def test_empty_and_ddl_statements_keep_the_queue_in_step(start_one_server):
    with start_one_server().login() as client:
        received = client.extended(m.parse("e", ""), run("e"), m.describe("S", "e"))
        assert m.kinds(received) == "12ItnZ"
        assert m.kinds(client.query("")) == "IZ"
        assert m.kinds(client.query("select 1; select 2; set work_mem='4MB'")) == "TDCTDCCZ"
        assert client.value("select 'in step'") == "in step"


@pytest.mark.compat
@pytest.mark.parametrize("packet", [m.message("P", b"abc"), m.message("P", b"a\0sql without end"),
                                    m.message("B", b"x"), m.message("D", b"S"), m.message("C", b""),
                                    m.message("D", b"Sabc")],
                         ids=["parse", "parse-sql", "bind", "describe", "close", "describe-open"])
@pytest.mark.quick
def test_broken_extended_messages_end_the_client_only(start_one_server, packet):
    pooler = start_one_server()
    with pooler.login() as client, pooler.login() as other:
        client.send(packet, m.SYNC)
        received = client.receive()
        assert received.kind == "E"
        assert other.value("select 'fine'") == "fine"


def test_statement_survives_the_loss_of_its_server(start_one_server):
    pooler = start_one_server()
    with pooler.login() as client:
        client.extended(m.parse("a", "select 'kept'"))
        pooler.admin("RECONNECT")
        pooler.wait_pool(sv_idle=0)
        assert m.rows(client.extended(run("a"))) == [["kept"]]


def test_error_in_an_injected_parse_reaches_the_client(start_one_server, table, postgres):
    pooler = start_one_server()
    with pooler.login() as client:
        assert m.kinds(client.extended(m.parse("a", f"select * from {table}"))) == "1Z"
        with postgres.connect() as owner:
            owner.execute(f"drop table {table}")
        pooler.admin("RECONNECT")
        pooler.wait_pool(sv_idle=0)
        received = client.extended(run("a"))
        assert m.kinds(received) == "EZ" and received[0].fields["C"] == "42P01"
        assert client.value("select 1") == "1"
