"""PAUSE, RESUME, KILL, SUSPEND, RELOAD and their signals (behaviour.md 9, admin-console.md 3 and 5)."""

import os
import signal

import pytest

from harness import messages as m
from harness import net
from harness.wire import Closed, ServerError, Wire

PID = "select pg_backend_pid()"


def expect_login_held_until_resume(pooler):
    """A new client of p0 hears nothing before RESUME p0, then it is let in and served."""
    with pooler.wire() as held:
        held.startup("alice", "p0")
        held.expect_silence(0.5)
        pooler.admin("RESUME p0")
        held.authenticate("alice", "")
        held.welcome()
        assert held.value("select 1") == "1"


@pytest.mark.compat
@pytest.mark.quick
def test_s151_pause_answers_when_the_last_transaction_ended(tx):
    with tx.login() as client, tx.login() as waiter, tx.console() as console:
        client.query("begin")
        console.send(m.query("PAUSE"))
        console.expect_silence(0.7)
        waiter.send(m.query("select 'served'"))
        client.query("commit")
        assert m.kinds(console.receive_until("Z")) == "CZ"
        waiter.expect_silence(0.3)
        assert tx.pool()["sv_idle"] == 0
        tx.admin("RESUME")
        assert m.rows(waiter.receive_until("Z")) == [["served"]]


@pytest.mark.compat
@pytest.mark.quick
def test_s152_login_during_pause_needs_a_warm_pool(tx):
    tx.login().terminate()
    tx.admin("PAUSE")
    with tx.login() as warm, tx.wire() as cold:
        warm.send(m.query("select 1"))
        warm.expect_silence(0.5)
        cold.startup("alice", "p1")
        cold.expect_silence(0.5)
        tx.admin("RESUME")
        assert m.rows(warm.receive_until("Z")) == [["1"]]
        cold.authenticate("alice", "")
        cold.welcome()


@pytest.mark.compat
@pytest.mark.quick
def test_s153_pause_of_one_database_leaves_the_others(tx):
    with tx.login() as paused, tx.login(database="p1") as other:
        tx.admin("PAUSE p0")
        paused.send(m.query("select 1"))
        assert other.value("select 1") == "1"
        assert tx.admin_error("RESUME") == "pooler is not paused/suspended"
        paused.expect_silence(0.3)
        assert [d["paused"] for d in tx.show("DATABASES") if d["name"] == "p0"] == ["1"]
        tx.admin("RESUME p0")
        assert m.rows(paused.receive_until("Z")) == [["1"]]


@pytest.mark.compat
@pytest.mark.quick
def test_s154_kill_drops_clients_and_holds_new_ones_until_resume(tx):
    with tx.login() as idle, tx.login() as busy:
        busy.query("begin")
        tx.admin("KILL p0")
        idle.expect_fatal("database removed")
        busy.expect_fatal("database removed")
    expect_login_held_until_resume(tx)


@pytest.mark.compat
@pytest.mark.quick
def test_sigusr1_pauses_and_sigusr2_resumes(tx):
    with tx.login() as client:
        client.value("select 1")
        tx.signal(signal.SIGUSR1)
        tx.wait_log("got SIGUSR1, pausing all activity")
        # The line above is written when the signal is taken, this one when it is in force.
        tx.wait_log("closing because: pause mode")
        client.send(m.query("select 'again'"))
        client.expect_silence(0.5)
        tx.signal(signal.SIGUSR1)
        tx.wait_log("got SIGUSR1, but already paused/suspended")
        tx.signal(signal.SIGUSR2)
        assert m.rows(client.receive_until("Z")) == [["again"]]
        tx.wait_log("got SIGUSR2, continuing from PAUSE")
        tx.signal(signal.SIGUSR2)
        tx.wait_log("got SIGUSR2, but not paused/suspended")


@pytest.mark.compat
@pytest.mark.quick
def test_sighup_reloads(tx):
    tx.settings["default_pool_size"] = 7
    tx.write()
    tx.signal(signal.SIGHUP)
    tx.wait_log("got SIGHUP, re-reading config")
    net.wait_for(lambda: {c["key"]: c["value"] for c in tx.show("CONFIG")}["default_pool_size"] == "7", what="reload")


@pytest.mark.compat
@pytest.mark.quick
def test_s159_reload_closes_servers_only_when_their_address_changed(tx, postgres):
    with tx.login() as idle, tx.login() as busy:
        pid = idle.value(PID)
        tx.databases["p0"] = postgres.database("p0", pool_size=9)
        tx.reload()
        assert idle.value(PID) == pid
        busy.query("begin")
        tx.databases["p0"] = postgres.database("p1", pool_size=9)
        tx.reload()
        assert busy.value("select current_database()") == "p0"
        busy.query("commit")
        assert busy.value("select current_database()") == "p1"
        assert idle.value("select current_database()") == "p1"


@pytest.mark.compat
@pytest.mark.quick
def test_s160_reload_without_a_database_ends_its_clients(tx):
    with tx.login() as client, tx.login(database="p1") as other:
        client.value("select 1")
        del tx.databases["p0"]
        tx.reload()
        client.expect_fatal("database removed")
        assert other.value("select 1") == "1"
    with pytest.raises(ServerError, match="no such database: p0"):
        tx.login()


@pytest.mark.quick
def test_s161_broken_reload_changes_nothing(tx):
    with tx.login() as client:
        client.value("select 1")
        tx.settings.update(default_pool_size=3, max_client_conn="many")
        tx.databases["p9"] = tx.databases["p0"]
        tx.write()
        with pytest.raises(ServerError) as caught:
            tx.admin("RELOAD")
        assert caught.value.fields["C"] == "F0000"
        assert caught.value.fields["M"].startswith("RELOAD failed, see logs for additional details")
        assert client.value("select 1") == "1"
        values = {c["key"]: c["value"] for c in tx.show("CONFIG")}
        assert (values["default_pool_size"], values["max_client_conn"]) == ("20", "100")
        assert "p9" not in [d["name"] for d in tx.show("DATABASES")]
    tx.wait_log('invalid value "many" for parameter max_client_conn in configuration')


@pytest.mark.compat
def test_reload_reverts_values_of_set(tx):
    tx.admin("SET default_pool_size = 5")
    assert {c["key"]: c["value"] for c in tx.show("CONFIG")}["default_pool_size"] == "5"
    tx.reload()
    assert {c["key"]: c["value"] for c in tx.show("CONFIG")}["default_pool_size"] == "20"


@pytest.mark.compat
def test_reload_does_not_change_restart_only_settings(tx):
    tx.reload(listen_backlog=77)
    assert {c["key"]: c["value"] for c in tx.show("CONFIG")}["listen_backlog"] == "128"


@pytest.mark.compat
def test_reload_reopens_the_log_file(tx):
    tx.wait_log("process up")
    os.rename(tx.log_path, tx.log_path + ".1")
    tx.reload()
    tx.login().terminate()
    tx.wait_log("login attempt: db=p0 user=alice")
    assert "process up" not in tx.log()


def test_reload_with_an_unwritable_log_file_does_not_kill(tx):
    tx.reload(logfile="/nonexistent/directory/x.log")
    with tx.login() as client:
        assert client.value("select 1") == "1"
    tx.wait_quiet(0.5)
    assert tx.process.poll() is None


@pytest.mark.compat
@pytest.mark.quick
def test_reconnect_replaces_servers_at_release(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 2})
    with pooler.login() as busy, pooler.login() as idle:
        old = idle.value(PID)
        busy.query("begin")
        inside = busy.value(PID)
        pooler.admin("RECONNECT p0")
        assert busy.value(PID) == inside
        assert idle.value(PID) not in (old, inside)
        busy.query("commit")
        assert busy.value(PID) not in (old, inside)


@pytest.mark.compat
@pytest.mark.quick
def test_wait_close_answers_when_the_last_old_server_is_gone(tx):
    with tx.login() as client, tx.console() as console:
        client.query("begin")
        tx.admin("RECONNECT")
        console.send(m.query("WAIT_CLOSE"))
        console.expect_silence(0.7)
        client.query("commit")
        assert m.tags(console.receive_until("Z")) == ["WAIT_CLOSE"]


def test_pause_after_wait_close_still_waits(tx):
    with tx.login() as client, tx.console() as console:
        client.query("select 1")
        assert m.tags(console.query("WAIT_CLOSE p0")) == ["WAIT_CLOSE"]
        client.query("begin")
        console.send(m.query("PAUSE"))
        console.expect_silence(0.7)
        client.query("commit")
        assert m.tags(console.receive_until("Z")) == ["PAUSE"]


@pytest.mark.quick
def test_kill_client_ends_exactly_one(tx):
    with tx.login() as victim, tx.login("bob") as other:
        victim.query("begin")
        ids = {row["user"]: row["id"] for row in tx.show("CLIENTS") if row["database"] == "p0"}
        with tx.console() as console:
            assert m.tags(console.query(f"KILL_CLIENT {ids['alice']}")) == ["KILL_CLIENT"]
        victim.expect_fatal("admin forced disconnect")
        assert other.value("select 1") == "1"
    assert tx.admin_error("KILL_CLIENT 987654") == "client not found"
    assert tx.admin_error("KILL_CLIENT abc") == "invalid client pointer supplied"


def test_kill_client_of_oneself_ends_only_oneself(tx):
    console = tx.console()
    own = [row["id"] for row in tx.show("CLIENTS") if row["database"] == "pgbouncer"]
    console.send(m.query(f"KILL_CLIENT {own[0]}"))
    with pytest.raises(Closed):
        while True:
            console.receive()
    with tx.login() as client:
        assert client.value("select 1") == "1"


STATE_ERRORS = [
    (["PAUSE"], "PAUSE", "already suspended/paused"), (["PAUSE"], "PAUSE p0", "already suspended/paused"),
    (["PAUSE"], "SUSPEND", "already suspended/paused"), (["PAUSE"], "KILL p0", "already suspended/paused"),
    ([], "RESUME", "pooler is not paused/suspended"), ([], "RESUME p0", "database p0 is not paused"),
    (["PAUSE p0"], "SUSPEND", "cannot suspend with paused databases"),
    ([], "PAUSE nope", "no such database: nope"), ([], "RESUME nope", "no such database: nope"),
    ([], "PAUSE pgbouncer", "cannot pause admin db: pgbouncer"),
    ([], "KILL pgbouncer", "cannot kill admin db: pgbouncer"),
    ([], "RECONNECT pgbouncer", "cannot reconnect admin db: pgbouncer"),
    ([], "WAIT_CLOSE pgbouncer", "cannot wait in admin db: pgbouncer"),
    ([], "DISABLE pgbouncer", "cannot disable admin db: pgbouncer"),
    ([], "ENABLE pgbouncer", "cannot disable admin db: pgbouncer"),
    ([], "DISABLE", "a database is required"), ([], "ENABLE", "a database is required"),
    ([], "DISABLE nope", "no such database: nope"), ([], "RECONNECT nope", "no such database: nope"),
    ([], "KILL nope", "no such database: nope"), ([], "RELOAD p0", "invalid command 'RELOAD p0', use SHOW HELP;"),
    ([], "SHUTDOWN NOW", "invalid command 'SHUTDOWN NOW', use SHOW HELP;"),
]


@pytest.mark.compat
@pytest.mark.workers(2)
@pytest.mark.parametrize("before,command,expected", STATE_ERRORS, ids=[c for _, c, _ in STATE_ERRORS])
def test_command_in_the_wrong_state_is_an_error(tx, before, command, expected):
    for earlier in before:
        tx.admin(earlier)
    assert tx.admin_error(command) == expected


def test_show_state_follows_the_commands(tx):
    state = lambda: {row["key"]: row["value"] for row in tx.show("STATE")}
    assert state() == {"active": "yes", "paused": "no", "suspended": "no"}
    tx.admin("PAUSE")
    assert state() == {"active": "no", "paused": "yes", "suspended": "no"}
    tx.admin("RESUME")
    tx.admin("PAUSE p0")
    assert state() == {"active": "yes", "paused": "no", "suspended": "no"}


def test_cancel_of_a_waiting_pause_resumes(tx):
    with tx.login() as client, tx.console() as console:
        client.query("begin")
        console.send(m.query("PAUSE"))
        net.wait_for(lambda: [r["value"] for r in tx.show("STATE")] == ["no", "yes", "no"], what="the pause")
        with Wire(tx.port) as canceller:
            canceller.send(m.cancel_request(console.key))
            canceller.expect_closed()
        net.wait_for(lambda: [r["value"] for r in tx.show("STATE")] == ["yes", "no", "no"], what="the resume")
        client.query("commit")
        assert client.value("select 1") == "1"


def test_kill_of_all_databases(tx):
    with tx.login() as one, tx.login(database="p1") as two, tx.console() as console:
        assert m.tags(console.query("KILL")) == ["KILL"]
        one.expect_fatal("database removed")
        two.expect_fatal("database removed")
        for name in ("p0", "p1"):
            assert m.tags(console.query(f"RESUME {name}")) == ["RESUME"]
    tx.login().terminate()


@pytest.mark.quick
def test_reconnect_under_load_is_not_noticed(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 2})
    clients = [pooler.login() for _ in range(6)]
    with pooler.console() as console:
        for i in range(15):
            for client in clients:
                client.send(m.query(f"select {i}"))
            console.query("RECONNECT")
            for client in clients:
                assert m.rows(client.receive_until("Z")) == [[str(i)]]


def test_suspend_is_refused_in_words_and_harms_nothing(tx):
    with tx.login() as client:
        assert "not supported by this version of uvbouncer" in tx.admin_error("SUSPEND")
        assert client.value("select 1") == "1"


@pytest.mark.compat
def test_signals_in_the_wrong_state_only_say_so(tx):
    tx.signal(signal.SIGUSR2)
    tx.wait_log("got SIGUSR2, but not paused/suspended")
    tx.admin("PAUSE")
    tx.signal(signal.SIGUSR1)
    tx.wait_log("got SIGUSR1, but already paused/suspended")
    tx.admin("RESUME")
    assert tx.login().value("select 1") == "1"


@pytest.mark.compat
def test_pause_of_a_database_inside_a_global_pause_outlives_it(tx):
    tx.admin("PAUSE p0")
    tx.admin("PAUSE")
    tx.admin("RESUME")
    assert {row["name"]: row["paused"] for row in tx.show("DATABASES")}["p0"] == "1"
    expect_login_held_until_resume(tx)


@pytest.mark.compat
def test_disable_lets_in_nobody_new_and_outlives_reload(tx):
    with tx.login() as inside:
        tx.admin("DISABLE p0")
        tx.reload()
        assert inside.value("select 1") == "1"
        with pytest.raises(ServerError, match="p0.* is disabled"):
            tx.login()
        assert {row["name"]: row["disabled"] for row in tx.show("DATABASES")}["p0"] == "1"
        tx.admin("ENABLE p0")
        assert tx.login().value("select 1") == "1"


@pytest.mark.compat
def test_kill_forgets_the_counters_of_the_pool(tx):
    with tx.login() as client:
        client.value("select 1")
    assert "p0" in [row["database"] for row in tx.show("STATS_TOTALS")]
    tx.admin("KILL p0")
    assert "p0" not in [row["database"] for row in tx.show("STATS_TOTALS")]
    assert tx.pool() is None
    assert [row["value"] for row in tx.show("STATE")][:1] == ["yes"] if tx.kind.is_uvbouncer else True
    tx.admin("RESUME p0")


RECYCLED = [("host=localhost", True), ("connect_query='select 1'", True), ("user=alice", True),
            ("password=other", False), ("pool_size=7", False), ("application_name=other", False),
            ("pool_mode=session", False), ("min_pool_size=0", False)]


@pytest.mark.compat
@pytest.mark.workers(2)
@pytest.mark.parametrize("change,recycled", RECYCLED, ids=[change.split("=")[0] for change, _ in RECYCLED])
def test_reload_recycles_the_servers_of_what_changed_where_they_go(tx, change, recycled):
    with tx.login() as client:
        before = client.value(PID)
        tx.databases["p0"] += " " + change
        tx.reload()
        tx.wait_quiet(0.8)
        idle = [server["remote_pid"] for server in tx.show("SERVERS") if server["database"] == "p0"]
        assert (before not in idle) == recycled


def flags(pooler):
    """What SHOW DATABASES says of each: (paused, disabled)."""
    return {row["name"]: (row["paused"], row["disabled"]) for row in pooler.show("DATABASES")}


@pytest.mark.compat
@pytest.mark.quick
def test_database_that_left_the_file_and_comes_back_is_neither_paused_nor_disabled(start_pooler, postgres):
    everything = {name: postgres.database(name) for name in ("p0", "p1", "p2")}
    pooler = start_pooler(everything)
    pooler.admin("PAUSE p1")
    pooler.admin("DISABLE p2")
    assert (flags(pooler)["p1"], flags(pooler)["p2"]) == (("1", "0"), ("0", "1"))
    pooler.databases = {"p0": everything["p0"]}
    pooler.reload()
    net.wait_for(lambda: "p1" not in flags(pooler), what="p1 to go")
    pooler.databases = everything
    pooler.reload()
    assert (flags(pooler)["p1"], flags(pooler)["p2"]) == (("0", "0"), ("0", "0"))
    for name in ("p1", "p2"):
        with pooler.login(database=name) as client:
            assert client.value("select current_database()") == name


@pytest.mark.compat
@pytest.mark.quick
def test_databases_of_the_fallback_line_are_listed_once_a_command_was_about_them(start_pooler, postgres):
    pooler = start_pooler({"*": f"host=127.0.0.1 port={postgres.port}"})
    listed = lambda: int(dict(pooler.admin("SHOW LISTS"))["databases"])
    before = listed()
    pooler.admin("DISABLE p0")
    pooler.admin("PAUSE p1")
    assert (flags(pooler)["p0"], flags(pooler)["p1"]) == (("0", "1"), ("1", "0"))
    assert listed() == before + 2
    with pytest.raises(ServerError, match="is disabled"):
        pooler.login()


@pytest.mark.quick
def test_databases_of_the_fallback_line_go_with_it(start_pooler, postgres):
    pooler = start_pooler({"*": f"host=127.0.0.1 port={postgres.port}"})
    pooler.admin("DISABLE p0")
    pooler.admin("PAUSE p1")
    pooler.databases = {"p2": postgres.database("p2")}
    pooler.reload()
    net.wait_for(lambda: set(flags(pooler)) == {"p2", "pgbouncer"}, what="the databases to go")
    assert pooler.admin_error("ENABLE p0") == "no such database: p0"
    assert pooler.admin_error("RESUME p1") == "no such database: p1"


@pytest.mark.quick
def test_idle_database_of_the_fallback_line_is_forgotten_with_its_flag_but_not_while_paused(start_pooler, postgres):
    pooler = start_pooler({"*": f"host=127.0.0.1 port={postgres.port}"},
                          {"autodb_idle_timeout": 1, "server_idle_timeout": 1})
    pooler.login(database="p0").close()
    for command in ("DISABLE p0", "DISABLE p1", "PAUSE p2"):
        pooler.admin(command)
    net.wait_for(lambda: not {"p0", "p1"} & set(flags(pooler)), 15, "the idle ones to go")
    assert flags(pooler)["p2"] == ("1", "0")
    for name in ("p0", "p1"):
        with pooler.login(database=name) as client:
            assert client.value("select current_database()") == name


def test_kill_of_a_disabled_database_leaves_it_disabled(tx):
    tx.admin("DISABLE p0")
    tx.admin("KILL p0")
    assert flags(tx)["p0"] == ("1", "1")
    tx.admin("RESUME p0")
    with pytest.raises(ServerError, match="is disabled"):
        tx.login()
