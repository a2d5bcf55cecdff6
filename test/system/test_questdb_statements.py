"""QuestDB and the extended protocol: what it forgets, keeps or mixes up must not reach a client (questdb.md 5 and 11)."""

import pytest

from harness import messages as m
from harness.recipe import start_recipe

RUN = m.bind("", "") + m.execute()


@pytest.fixture
def questdb(start_questdb):
    return start_questdb()


@pytest.fixture
def recipe(start_pooler, kind, questdb, authority):
    """Makes the recipe in one pool mode with so many servers, used in turn."""
    def start(mode, servers=1):
        return start_recipe(start_pooler, kind, questdb, authority, pool_mode=mode, default_pool_size=str(servers),
                            extra="server_round_robin = 1\n")
    return start


MODES = pytest.mark.parametrize("mode", ["session", "transaction"])


def login(pooler):
    """A raw connection over TLS, logged in."""
    return pooler.wire(timeout=20).start_tls().login("admin", "questdb", "quest")


@pytest.mark.quick
@pytest.mark.parametrize("use,kinds", [(RUN, "2DCZ"), (m.describe("S", ""), "tTZ"),
                                       (m.describe("S", "") + RUN, "2tTDCZ")], ids=["bind", "describe", "both"])
def test_unnamed_statement_follows_its_client_to_another_server(recipe, use, kinds):
    pooler = recipe("transaction", servers=2)
    with login(pooler) as holder, login(pooler) as client, login(pooler) as other:
        holder.query("begin")
        assert m.kinds(client.extended(m.parse("", "select 'mine'"))) == "1Z"
        other.query("begin")
        holder.query("commit")
        received = client.extended(use)
        assert m.kinds(received) == kinds
        assert m.rows(received) == [["mine"]] * kinds.count("D")
        other.query("commit")


@pytest.mark.quick
def test_unnamed_statements_of_clients_that_take_turns_are_kept_apart(recipe):
    pooler = recipe("transaction")
    with login(pooler) as one, login(pooler) as two:
        for client, value in ((one, "one"), (two, "two")):
            assert m.kinds(client.extended(m.parse("", f"select '{value}'"), m.describe("S", ""))) == "1tTZ"
        for _ in range(2):
            assert m.rows(one.extended(RUN)) == [["one"]]
            assert m.rows(two.extended(RUN)) == [["two"]]


@pytest.mark.quick
@MODES
def test_answers_that_come_out_of_order_do_not_cost_those_of_the_pooler(recipe, mode):
    """QuestDB answers a Bind ahead of the Describe in front of it."""
    with login(recipe(mode)) as client:
        client.extended(m.parse("a", "select 'a'"), m.parse("b", "select 'b'"))
        received = client.extended(m.describe("S", "a"), m.bind("", "a"), m.execute(), m.close("S", "b"))
        assert m.kinds(received) == "2tTDC3Z"
        assert m.rows(client.extended(m.bind("", "a"), m.execute())) == [["a"]]


@MODES
def test_unnamed_statement_keeps_its_parameters_and_types(recipe, mode):
    with login(recipe(mode)) as client:
        assert m.kinds(client.extended(m.parse("", "select $1 + 1", [20]))) == "1Z"
        for value in (4, 5):
            received = client.extended(m.bind("", "", [b"%d" % value]), m.execute())
            assert m.rows(received) == [[str(value + 1)]]


@pytest.mark.quick
@MODES
def test_unnamed_statement_can_be_bound_again_after_its_execute(recipe, mode):
    with login(recipe(mode)) as client:
        assert m.kinds(client.extended(m.parse("", "select 'again'"), RUN, RUN)) == "12DC2DCZ"
        assert m.kinds(client.extended(RUN)) == "2DCZ"
        client.query("select 'something else'")
        assert m.rows(client.extended(RUN)) == [["again"]]


@pytest.mark.quick
@MODES
def test_unnamed_statement_is_not_taken_for_a_named_one(recipe, mode):
    """QuestDB binds whatever was named last when a Bind names nothing."""
    with login(recipe(mode)) as client:
        for named in (m.parse("a", "select 'named'"), m.describe("S", "a"), m.bind("", "a") + m.execute()):
            client.extended(m.parse("", "select 'unnamed'"))
            assert "E" not in m.kinds(client.extended(named))
            assert m.rows(client.extended(RUN)) == [["unnamed"]]
        received = client.extended(m.parse("", "select 'unnamed'"), m.bind("", "a"), m.execute(), RUN)
        assert m.rows(received) == [["named"], ["unnamed"]]


@pytest.mark.quick
@pytest.mark.parametrize("left", [m.parse("", "select 'theirs'"), m.parse("s", "select 'theirs'"),
                                  m.parse("s", "select 'theirs'") + m.bind("", "s") + m.execute()],
                         ids=["unnamed", "named", "executed"])
@pytest.mark.parametrize("use", [RUN, m.describe("S", "")], ids=["bind", "describe"])
def test_bind_without_a_parse_never_meets_another_clients_statement(recipe, left, use):
    pooler = recipe("transaction")
    with login(pooler) as other, login(pooler) as client:
        assert "E" not in m.kinds(other.extended(left))
        client.send(use, m.SYNC)
        client.expect_fatal("prepared statement did not exist")
        assert other.value("select 'fine'") == "fine"


@pytest.mark.quick
@MODES
@pytest.mark.parametrize("statement", ["", "s"], ids=["unnamed", "named"])
def test_portal_that_was_not_executed_is_not_left_to_the_next_client(recipe, mode, statement):
    pooler = recipe(mode)
    with login(pooler) as one:
        assert m.kinds(one.extended(m.parse(statement, "select 'theirs'"), m.bind("", statement))) == "12Z"
        if mode == "session":
            one.terminate()
        with login(pooler) as two:
            received = two.extended(m.execute())
            assert m.kinds(received) == "EZ", m.rows(received)
            assert two.value("select 'mine'") == "mine"


@MODES
def test_statements_that_are_never_executed_leave_the_plans_of_others_alone(recipe, questdb, mode):
    """QuestDB gives one text the plan of another for ever, for everybody, after two unnamed Parses without an Execute."""
    texts = [f"select '{mode}-{i}'" for i in range(4)]
    pooler = recipe(mode)
    with login(pooler) as client:
        for text in texts:
            assert m.kinds(client.extended(m.parse("", text), m.describe("S", ""))) == "1tTZ"
        for text in texts + texts:
            assert m.rows(client.extended(m.parse("", text), RUN)) == [[text.split("'")[1]]]
    with login(pooler) as client:
        for text in texts:
            assert client.value(text) == text.split("'")[1]
    assert [questdb.sql(text)[0][0] for text in texts] == [text.split("'")[1] for text in texts]


@pytest.mark.quick
def test_unnamed_statement_parsed_anew_sees_the_tables_of_now(recipe, questdb):
    pooler = recipe("transaction")
    with login(pooler) as one, login(pooler) as two:
        questdb.sql("create table changing (a long)")
        questdb.sql("insert into changing values (1)")
        try:
            run = lambda client: m.rows(client.extended(m.parse("", "select * from changing"), RUN))
            assert run(one) == run(two) == [["1"]]
            questdb.sql("alter table changing add column b long")
            assert run(one) == run(two) == [["1", None]]
        finally:
            questdb.sql("drop table changing")


def test_many_different_unnamed_statements_are_few_on_the_server(recipe):
    pooler = recipe("session")
    with login(pooler) as client:
        for i in range(300):
            assert m.rows(client.extended(m.parse("", f"select {i}"), RUN)) == [[str(i)]]
        server, = (row for row in pooler.show("SERVERS") if row["user"] == "admin" and row["database"] == "questdb")
        assert int(server["prepared_statements"]) == 1


def test_closed_unnamed_statement_is_gone(recipe):
    with login(recipe("transaction")) as client:
        client.extended(m.parse("", "select 1"))
        assert m.kinds(client.extended(m.close("S", ""))) == "3Z"
        client.send(RUN, m.SYNC)
        client.expect_fatal("prepared statement did not exist")


def test_unnamed_statement_that_failed_fails_again(recipe):
    with login(recipe("transaction")) as client:
        for parts in ((m.parse("", "select nothing_of_this_name"),), (RUN,)):
            received = client.extended(*parts)
            assert m.kinds(received) == "EZ" and "nothing_of_this_name" in received[0].fields["M"]
        assert m.rows(client.extended(m.parse("", "select 'well'"), RUN)) == [["well"]]


def test_error_in_a_pipeline_leaves_later_unnamed_statements_intact(recipe):
    with login(recipe("transaction")) as client:
        client.send(m.parse("", "select nothing_of_this_name"), m.SYNC, m.parse("", "select 'later'"), m.SYNC, RUN, m.SYNC)
        assert m.kinds(client.receive_until("Z")) == "EZ"
        assert m.kinds(client.receive_until("Z")) == "1Z"
        assert m.rows(client.receive_until("Z")) == [["later"]]


def test_long_unnamed_statement_is_kept_and_its_memory_given_back(recipe):
    pooler = recipe("transaction")
    text = f"select 'long' /* {'x' * 400000} */"
    with login(pooler) as client:
        assert m.kinds(client.extended(m.parse("", text))) == "1Z"
        for _ in range(2):
            assert m.rows(client.extended(RUN)) == [["long"]]


def test_message_too_long_for_the_server_ends_in_words(recipe):
    """QuestDB resets the connection."""
    pooler = recipe("transaction")
    with login(pooler) as client:
        client.send(m.parse("", f"select 'long' /* {'x' * 1500000} */"), m.SYNC)
        error = client.expect("E").fields
        assert error["S"] == "FATAL" and error["M"].startswith("server conn crashed? (QuestDB closes a connection at a ")
        assert "pg.recv.buffer.size" in error["M"] and "15000" in error["M"]
        client.expect_closed()
    with login(pooler) as client:
        assert client.value("select 1") == "1"


@pytest.mark.quick
@MODES
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "byte-by-byte"])
def test_empty_statement_is_answered_as_postgresql_does(recipe, mode, cut):
    pooler = recipe(mode)
    with login(pooler) as client:
        def extended(*parts):
            data = b"".join(parts) + m.SYNC
            client.send_slowly(data) if cut else client.send(data)
            return m.kinds(client.receive_until("Z"))

        assert extended(m.parse("", "")) == "1Z"
        assert extended(m.describe("S", "")) == "tnZ"
        assert extended(RUN) == "2IZ"
        assert extended(m.parse("", ""), m.bind("", "")) == "12Z"
        assert m.kinds(client.query("select 'next'")) == "TDCZ"
        assert extended(m.parse("", ""), RUN) == "12IZ"
        assert m.kinds(client.query("")) == "IZ"
        client.query("begin")
        assert extended(m.parse("", "")) == "1Z"
        assert m.kinds(client.query("select 'in a transaction'")) == "TDCZ"
        client.query("commit")
        assert extended(m.close("S", ""), m.parse("n", ""), m.bind("", "n"), m.execute(), m.close("S", "n")) == "312I3Z"
        assert m.kinds(client.query("select 'last'")) == "TDCZ"


@MODES
@pytest.mark.parametrize("sync", [b"", m.SYNC], ids=["alone", "sync"])
def test_function_calls_are_refused_in_words(recipe, mode, sync):
    """QuestDB would keep silent up to the next Sync, and give one answer too few then."""
    pooler = recipe(mode)
    with login(pooler) as client:
        assert client.value("select 1") == "1"
        client.send(m.function_call(1, [b"-42"]), sync)
        client.expect_fatal("QuestDB does not support function calls", "0A000")
    with login(pooler) as client:
        assert client.value("select 2") == "2"
