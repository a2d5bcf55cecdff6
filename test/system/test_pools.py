"""Pools: order, queue, limits (behaviour.md 3.1 to 3.5, 3.7, 3.8)."""

import time

import pytest

from harness import messages as m
from harness import net
from harness.wire import ServerError, send_cancel

PID = "select pg_backend_pid()"


@pytest.fixture
def pool_of(start_pooler):
    """Makes a transaction pooler with default_pool_size=n."""
    def start(size, **settings):
        return start_pooler(settings={"pool_mode": "transaction", "default_pool_size": size, **settings})
    return start


def open_transactions(pooler, count, **login):
    """`count` clients with an open transaction each, and the backend pids they hold."""
    clients = [pooler.login(**login) for _ in range(count)]
    pids = []
    for client in clients:
        client.query("begin")
        pids.append(client.value(PID))
    return clients, pids


def wait_for_waiters(pooler, count, **which):
    pooler.wait_pool(cl_waiting=count, **which)


@pytest.mark.compat
@pytest.mark.workers(1)
def test_s071_last_released_server_is_used_first(pool_of):
    pooler = pool_of(3)
    clients, pids = open_transactions(pooler, 3)
    for i in (2, 0, 1):
        clients[i].query("commit")
    with pooler.login() as client:
        assert [client.value(PID) for _ in range(3)] == [pids[1]] * 3


@pytest.mark.compat
@pytest.mark.workers(1)
def test_s072_round_robin_rotates_over_the_servers(pool_of):
    pooler = pool_of(3, server_round_robin=1)
    clients, pids = open_transactions(pooler, 3)
    for client in clients:
        client.query("commit")
    with pooler.login() as client:
        used = [client.value(PID) for _ in range(6)]
    assert sorted(used[:3]) == sorted(pids) and used[:3] == used[3:]


@pytest.mark.compat
@pytest.mark.quick
def test_s073_waiters_are_served_in_arrival_order(pool_of):
    pooler = pool_of(1)
    (holder,), _ = open_transactions(pooler, 1)
    waiters = [pooler.login() for _ in range(4)]
    for i, waiter in enumerate(waiters):
        waiter.send(m.query("select clock_timestamp()::text"))
        wait_for_waiters(pooler, i + 1)
        time.sleep(0.1)
    holder.query("commit")
    times = [m.rows(waiter.receive_until("Z"))[0][0] for waiter in waiters]
    assert times == sorted(times)


@pytest.mark.compat
@pytest.mark.quick
def test_s074_query_wait_timeout_ends_a_waiting_client(pool_of):
    pooler = pool_of(1, query_wait_timeout=1)
    (holder,), _ = open_transactions(pooler, 1)
    with pooler.login() as waiter:
        began = time.monotonic()
        waiter.send(m.query("select 1"))
        waiter.expect_fatal("query_wait_timeout")
        assert 0.9 < time.monotonic() - began < 2.5 * net.patience
    assert m.kinds(holder.query("commit")) == "CZ"


def test_s075_queued_client_is_told_once_per_wait(pool_of):
    pooler = pool_of(1, query_wait_notify=1)
    (holder,), _ = open_transactions(pooler, 1)
    with pooler.login() as waiter:
        for _ in range(2):
            began = time.monotonic()
            waiter.send(m.query("select 1"))
            notice = waiter.expect("N")
            assert notice.fields == {"S": "NOTICE", "C": "00000",
                                     "M": "No server connection available in postgres backend, client being queued"}
            assert 1.5 < time.monotonic() - began < 4 * net.patience
            waiter.expect_silence(1)
            holder.query("commit")
            assert m.kinds(waiter.receive_until("Z")) == "TDCZ"
            holder.query("begin")


@pytest.mark.compat
def test_s076_query_of_a_waiter_that_left_is_not_executed(pool_of, table):
    pooler = pool_of(1)
    (holder,), _ = open_transactions(pooler, 1)
    waiter = pooler.login()
    waiter.send(m.query(f"insert into {table} values ('must not appear')"))
    wait_for_waiters(pooler, 1)
    waiter.close()
    time.sleep(0.5)
    holder.query("commit")
    pooler.wait_pool(cl_waiting=0)
    assert holder.value(f"select count(*) from {table}") == "0"


@pytest.mark.compat
@pytest.mark.quick
def test_s077_cancel_of_a_waiter_leaves_its_query_alone(pool_of):
    pooler = pool_of(1)
    (holder,), _ = open_transactions(pooler, 1)
    with pooler.login() as waiter:
        waiter.send(m.query("select 'later'"))
        wait_for_waiters(pooler, 1)
        began = time.monotonic()
        assert send_cancel(pooler.port, waiter.key) == b""
        assert time.monotonic() - began < 2 * net.patience
        holder.query("commit")
        assert m.rows(waiter.receive_until("Z")) == [["later"]]


@pytest.mark.compat
@pytest.mark.quick
def test_s078_reserve_pool_helps_a_client_that_waits_long(pool_of):
    pooler = pool_of(1, reserve_pool_size=1, reserve_pool_timeout=1)
    (_,), pids = open_transactions(pooler, 1)
    with pooler.login() as waiter:
        began = time.monotonic()
        assert waiter.value(PID) != pids[0]
        assert 0.9 < time.monotonic() - began < 3 * net.patience
    assert " WARNING C-0x" in pooler.log() and "taking connection from reserve_pool" in pooler.log()


@pytest.mark.compat
@pytest.mark.quick
def test_s079_idle_server_of_another_user_is_evicted_for_a_needy_one(start_pooler, postgres):
    pooler = start_pooler(settings={"pool_mode": "transaction", "max_db_connections": 2})
    clients, pids = open_transactions(pooler, 2)
    for client in clients:
        client.query("commit")
        time.sleep(0.05)
    with pooler.login("bob") as other:
        assert other.value("select 1") == "1"
        net.wait_for(lambda: [str(p) for p in postgres.backends("alice")] == [pids[1]], what="the older one to go")
    assert "evicted" in pooler.log()


@pytest.mark.compat
def test_s080_busy_servers_are_not_evicted(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "max_db_connections": 2})
    clients, _ = open_transactions(pooler, 2)
    with pooler.wire() as other:
        other.startup("bob", "p0")
        other.expect_silence(0.7)
        clients[0].query("commit")
        other.authenticate("bob", "")
        other.welcome()
        assert other.value("select 1") == "1"


@pytest.mark.compat
def test_s081_max_user_connections_holds_over_databases(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "max_user_connections": 2})
    warm = pooler.login("alice", "p1")
    one, two = pooler.login(), pooler.login()
    one.query("begin")
    warm.query("begin")
    two.send(m.query("select 1"))
    two.expect_silence(0.7)
    warm.query("commit")
    assert m.rows(two.receive_until("Z")) == [["1"]]


def test_s082_min_pool_size_with_forced_user_needs_no_client(start_pooler, postgres):
    pooler = start_pooler({"forced": postgres.database("p2", user="carol", min_pool_size=2)})
    net.wait_for(lambda: len(postgres.backends("carol", "p2")) == 2, what="two servers")
    pooler.wait_pool("forced", "carol", sv_idle=2)


@pytest.mark.compat
def test_s083_min_pool_size_without_forced_user_holds_while_a_client_is_there(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "min_pool_size": 2})
    assert pooler.pool() is None
    with pooler.login():
        pooler.wait_pool(sv_idle=2)


@pytest.mark.compat
@pytest.mark.quick
def test_s084_lowered_pool_size_trims_idle_servers(pool_of):
    pooler = pool_of(4)
    clients, _ = open_transactions(pooler, 4)
    for client in clients:
        client.query("commit")
    pooler.admin("SET default_pool_size = 2")
    pooler.wait_pool(sv_idle=2)
    pooler.wait_log("too many servers in the pool")


def test_s085_pool_size_zero_means_no_limit(pool_of):
    pooler = pool_of(0)
    _, pids = open_transactions(pooler, 25)
    assert len(set(pids)) == 25


@pytest.mark.compat
@pytest.mark.quick
def test_s086_servers_of_a_pool_log_in_one_after_the_other(start_pooler, fake_server):
    logins, peak = [], []

    def slow_login(connection):
        connection.read_startup()
        logins.append(connection)
        peak.append(len(logins))
        time.sleep(0.2)
        logins.remove(connection)
        connection.greet()
        connection.serve()

    server = fake_server(slow_login)
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"}, {"pool_mode": "transaction"})
    clients = [pooler.wire() for _ in range(5)]
    for client in clients:
        client.startup("alice", "p0")
    for client in clients:
        client.authenticate("alice", "")
        client.welcome()
        client.send(m.query("begin"))
    for client in clients:
        client.receive_until("Z")
    assert max(peak) == 1


def test_s096_idle_pool_disappears(start_pooler, postgres):
    databases = {"p0": postgres.database("p0"), "kept": postgres.database("p0", user="bob", min_pool_size=1)}
    pooler = start_pooler(databases, {"pool_idle_timeout": 1, "server_idle_timeout": 1})
    pooler.login().terminate()
    assert pooler.pool() is not None
    net.wait_for(lambda: pooler.pool() is None, 15, "the pool to go")
    assert pooler.pool("kept", "bob") is not None
    pooler.wait_log("cleaning up idle pool for user alice on db p0 because: pool idle timeout (age= ")


def test_s097_fallback_line_registers_databases_and_forgets_idle_ones(start_pooler, postgres):
    pooler = start_pooler({"*": f"host=127.0.0.1 port={postgres.port}"},
                          {"autodb_idle_timeout": 1, "server_idle_timeout": 1})
    with pooler.login(database="p1") as client:
        assert client.value("select current_database()") == "p1"
        assert "p1" in [d["name"] for d in pooler.show("DATABASES")]
    pooler.wait_log("registered new auto-database: p1")
    pooler.wait_log("dropping database 'p1' as it does not exist anymore or inactive auto-database", 15)


@pytest.mark.compat
def test_s098_login_after_reconnect_needs_no_free_place_in_a_full_pool(pool_of):
    pooler = pool_of(1)
    (holder,), _ = open_transactions(pooler, 1)
    pooler.admin("RECONNECT")
    pooler.login().terminate()
    net.wait_for(lambda: pooler.pool()["sv_idle"] == 0, 5, "the surplus server to go")
    assert m.kinds(holder.query("commit")) == "CZ"


@pytest.mark.compat
def test_pool_size_of_the_database_line_wins_over_the_default(start_pooler, postgres):
    pooler = start_pooler({"p0": postgres.database("p0", pool_size=1)}, {"pool_mode": "transaction"})
    (holder,), _ = open_transactions(pooler, 1)
    with pooler.login() as waiter:
        waiter.send(m.query("select 1"))
        wait_for_waiters(pooler, 1)
        holder.query("commit")
        waiter.receive_until("Z")


@pytest.mark.compat
def test_pool_mode_of_the_user_wins_over_database_and_global(start_pooler, postgres):
    pooler = start_pooler({"p0": postgres.database("p0", pool_mode="session")}, {"pool_mode": "session"},
                          user_settings={"alice": "pool_mode=transaction"})
    with pooler.login() as client:
        client.query("select 1")
        pooler.wait_pool(sv_idle=1, sv_active=0)
    with pooler.login("bob") as client:
        client.query("select 1")
        assert pooler.pool(user="bob")["sv_active"] == 1


@pytest.mark.compat
def test_forced_user_shares_one_pool_among_all_clients(start_pooler, postgres):
    pooler = start_pooler({"p0": postgres.database("p0", user="carol")}, {"pool_mode": "transaction"})
    with pooler.login("alice") as one, pooler.login("bob") as two:
        assert one.value(PID) == two.value(PID)
        assert one.value("select current_user") == "carol"


@pytest.mark.compat
@pytest.mark.quick
def test_many_clients_through_few_servers_all_get_their_answers(pool_of):
    pooler = pool_of(3)
    clients = [pooler.login() for _ in range(40)]
    for round_ in range(5):
        for i, client in enumerate(clients):
            client.send(m.query(f"select {round_ * 1000 + i}"))
        for i, client in enumerate(clients):
            assert m.rows(client.receive_until("Z")) == [[str(round_ * 1000 + i)]]
    assert pooler.pool()["sv_idle"] <= 3


@pytest.mark.compat
def test_waiting_error_does_not_reach_clients_with_servers(pool_of):
    pooler = pool_of(1, query_wait_timeout=1)
    with pooler.login() as holder:
        holder.query("begin")
        waiter = pooler.login()
        waiter.send(m.query("select 1"))
        with pytest.raises(ServerError):
            waiter.receive_until("Z")
        assert holder.value("select 'fine'") == "fine"
