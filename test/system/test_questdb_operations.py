"""QuestDB as it behaves over time: idle limits, restarts, connection limits, time-outs, stray answers."""

import time

import psycopg
import pytest

from harness import messages as m
from harness import net
from harness.recipe import start_recipe
from harness.wire import Closed, ServerError

SLOW = "select sum(a.x*b.x) from long_sequence(100000000) a cross join long_sequence(100000) b"


def login(pooler, password="quest", **parameters):
    """A raw connection over TLS, logged in."""
    return pooler.wire(timeout=20).start_tls().login("admin", "questdb", password, **parameters)


def direct(questdb, **options):
    return psycopg.connect(host="127.0.0.1", port=questdb.port, user="admin", password="quest", dbname="qdb",
                           sslmode="disable", gssencmode="disable", autocommit=True, **options)


def wait_service(pooler, when, setbacks):
    """Waits until a new client is served; until then logins and queries may end in these exceptions."""
    def served():
        try:
            with login(pooler) as client:
                return client.value("select count() from trades") == "3"
        except setbacks:
            return False

    net.wait_for(served, 20, f"service {when}", 0.5)


@pytest.mark.quick
def test_session_idle_beyond_the_servers_limit_goes_on(start_pooler, kind, start_questdb, authority):
    """QuestDB closes a connection after three idle seconds here; the client's session must not end with it."""
    questdb = start_questdb("impatient", pg_net_connection_timeout=3000)
    pooler = start_recipe(start_pooler, kind, questdb, authority)
    with login(pooler) as client:
        assert client.value("select 1") == "1"
        time.sleep(5)
        assert client.value("select count() from trades") == "3"
        assert m.kinds(client.extended(m.parse("named", "select 'named'"), m.parse("", "select 'unnamed'"))) == "11Z"
        time.sleep(5)
        assert m.rows(client.extended(m.bind("", ""), m.execute())) == [["unnamed"]]
        assert m.rows(client.extended(m.bind("", "named"), m.execute())) == [["named"]]
    assert pooler.log().count("new connection to server") > 2


@pytest.mark.quick
def test_session_outlives_a_restart_of_the_server(start_pooler, kind, start_questdb, authority):
    questdb = start_questdb("restarting")
    pooler = start_recipe(start_pooler, kind, questdb, authority, extra="server_login_retry = 1\n")
    with login(pooler) as client:
        client.extended(m.parse("named", "select 'named'"))
        questdb.stop()
        questdb.start()
        assert client.value("select count() from trades") == "3"
        assert m.rows(client.extended(m.bind("", "named"), m.execute())) == [["named"]]


def test_idle_pool_beyond_the_servers_limit_serves_new_clients(start_pooler, kind, start_questdb, authority):
    questdb = start_questdb("impatient", pg_net_connection_timeout=3000)
    pooler = start_recipe(start_pooler, kind, questdb, authority)
    login(pooler).terminate()
    time.sleep(5)
    for _ in range(3):
        with login(pooler) as client:
            assert client.value("select count() from trades") == "3"


@pytest.mark.quick
def test_restart_of_the_server_is_survived(start_pooler, kind, start_questdb, authority):
    questdb = start_questdb("restarting")
    pooler = start_recipe(start_pooler, kind, questdb, authority, extra="server_login_retry = 1\nquery_wait_timeout = 3\n")
    with login(pooler) as client:
        assert client.value("select count() from trades") == "3"
    questdb.stop()
    with pytest.raises((ServerError, Closed)):
        with login(pooler) as client:
            client.value("select 1")
    questdb.start()
    wait_service(pooler, "after the restart", (ServerError, Closed))


@pytest.mark.quick
def test_full_server_is_told_in_words_and_recovers(start_pooler, kind, start_questdb, authority):
    """At its limit QuestDB accepts connections and never says a word on them."""
    questdb = start_questdb("full", pg_net_connection_limit=4)
    pooler = start_recipe(start_pooler, kind, questdb, authority,
                          extra="server_connect_timeout = 2\nserver_login_retry = 1\nquery_wait_timeout = 4\n")
    holders = [direct(questdb) for _ in range(4)]
    began = time.monotonic()
    with pytest.raises(ServerError) as caught:
        login(pooler)
    assert time.monotonic() - began < 8 * net.patience
    assert caught.value.fields["S"] == "FATAL"
    assert "the server accepts connections but does not answer: is it at its connection limit?" in caught.value.fields["M"]
    for holder in holders:
        holder.close()
    wait_service(pooler, "after the others left", ServerError)


@pytest.mark.quick
def test_statement_timeout_option_holds_for_its_client_only(slow_recipe):
    with login(slow_recipe, options="-c statement_timeout=500") as limited, login(slow_recipe) as other:
        began = time.monotonic()
        with pytest.raises(ServerError):
            limited.value(SLOW)
        assert 0.3 < time.monotonic() - began < 10 * net.patience
        other.send(m.query(SLOW))
        other.expect_silence(2)
    with login(slow_recipe) as client:
        client.send(m.query(SLOW))
        client.expect_silence(2)


@pytest.mark.quick
@pytest.mark.parametrize("ending", ["close", "terminate"])
def test_queries_of_clients_that_left_stop(slow_recipe, ending):
    """QuestDB notices only a bare end of its connection: a Terminate waiting to be read hides it for a minute."""
    for _ in range(3):
        client = login(slow_recipe)
        client.send(m.query(SLOW))
        client.expect_silence(0.5)
        getattr(client, ending)()
    began = time.monotonic()
    with login(slow_recipe) as client:
        assert client.value("select count() from trades") == "3"
    assert time.monotonic() - began < 8 * net.patience


@pytest.mark.quick
def test_stray_empty_answer_never_reaches_another_client(start_pooler, kind, questdb, authority):
    """An empty Parse that is never executed makes QuestDB put a stray EmptyQueryResponse before its next answer."""
    for mode in ("session", "transaction"):
        pooler = start_recipe(start_pooler, kind, questdb, authority, pool_mode=mode, default_pool_size="1")
        with login(pooler) as client:
            assert m.kinds(client.extended(m.parse("", ""))) in ("1Z", "1IZ")
            client.terminate()
        with login(pooler) as other:
            assert m.kinds(other.query("select 'mine'")) == "TDCZ"
            assert m.kinds(other.extended(m.parse("", "select 1"), m.bind("", ""), m.execute())) == "12DCZ"


@pytest.mark.quick
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_same_statement_names_of_successive_clients(start_pooler, kind, questdb, authority, mode):
    pooler = start_recipe(start_pooler, kind, questdb, authority, pool_mode=mode, default_pool_size="1")
    for text in ("select 1", "select 2", "select 2"):
        with login(pooler) as client:
            assert m.kinds(client.extended(m.parse("S_1", text))) == "1Z"
            assert m.rows(client.extended(m.bind("", "S_1"), m.execute())) == [[text[-1]]]
            client.terminate()


def test_named_portals_of_a_client_that_left_are_gone(start_pooler, kind, questdb, authority):
    pooler = start_recipe(start_pooler, kind, questdb, authority, default_pool_size="1")
    for _ in range(2):
        with login(pooler) as client:
            received = client.extended(m.parse("s", "select x from long_sequence(10)"), m.bind("portal", "s"),
                                       m.execute("portal", 3))
            assert m.kinds(received) == "12DDDsZ"
            client.terminate()


@pytest.mark.quick
def test_cancel_ends_a_running_query(slow_recipe):
    with login(slow_recipe) as client:
        client.send(m.query(SLOW))
        time.sleep(1)
        with slow_recipe.wire() as canceller:
            canceller.start_tls().send(m.cancel_request(client.key))
            canceller.expect_closed()
        received = client.receive_until("Z")
        assert "E" in m.kinds(received)
        assert client.value("select 1") == "1"


def test_open_transaction_of_a_client_that_left_blocks_nobody(recipe, questdb):
    questdb.sql("create table if not exists blocked (ts timestamp, v long) timestamp(ts) partition by day bypass wal")
    with login(recipe) as client:
        client.query("begin")
        client.query("insert into blocked values (now(), 1)")
    with login(recipe) as other:
        def inserted():
            return "E" not in m.kinds(other.query("insert into blocked values (now(), 2)"))
        net.wait_for(inserted, 10, "the lock to go", 0.3)
        assert other.value("select sum(v) from blocked where v = 1") is None
    questdb.sql("drop table blocked")


def test_large_result_passes(recipe):
    with login(recipe) as client:
        rows = client.rows("select x from long_sequence(200000)")
        assert len(rows) == 200000 and rows[-1] == ["200000"]


def test_errors_with_sqlstate_zero_are_errors(recipe):
    with login(recipe) as client:
        received = client.query("select * from no_such_table")
        assert m.kinds(received) == "EZ" and received[0].fields["S"] == "ERROR"
        assert client.value("select 1") == "1"


def test_transactions_release_in_transaction_mode(start_pooler, kind, questdb, authority):
    pooler = start_recipe(start_pooler, kind, questdb, authority, pool_mode="transaction", default_pool_size="1")
    with login(pooler) as one, login(pooler) as two:
        one.query("begin")
        two.send(m.query("select 'waited'"))
        two.expect_silence(0.5)
        one.query("commit")
        assert m.rows(two.receive_until("Z")) == [["waited"]]
