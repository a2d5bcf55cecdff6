"""What a RELOAD finds under way follows the new configuration (design.md 1)."""

import signal

import pytest

from harness import messages as m
from harness import net
from harness.wire import ServerError

SETTINGS = {"pool_mode": "transaction", "auth_type": "plain"}
USERS = {"alice": "pw", "bob": "pw"}


@pytest.fixture
def half_logged_in(start_pooler, postgres):
    """A pooler, and a client of p0 that was asked for its password."""
    pooler = start_pooler({"p0": postgres.database("p0"), "p1": postgres.database("p1")}, SETTINGS, users=dict(USERS))
    with pooler.wire() as client:
        client.startup("alice", "p0")
        assert client.receive().kind == "R"
        yield pooler, client


def finish(client):
    client.send(m.password("pw"))
    return client.receive_until("Z")


@pytest.mark.quick
def test_login_begun_before_a_reload_gets_the_new_database_line(half_logged_in, postgres):
    pooler, slow = half_logged_in
    with pooler.login(password="pw") as other:
        assert other.value("select current_database()") == "p0"
        pooler.databases["p0"] = postgres.database("p1")
        pooler.reload()
        pooler.admin("RECONNECT")
        finish(slow)
        assert slow.value("select current_database()") == "p1"
        assert other.value("select current_database()") == "p1"


@pytest.mark.quick
def test_login_to_a_database_that_a_reload_removed_fails(half_logged_in):
    pooler, slow = half_logged_in
    del pooler.databases["p0"]
    pooler.reload()
    with pytest.raises(ServerError, match="database removed"):
        finish(slow)


@pytest.mark.quick
@pytest.mark.parametrize("users", [{"bob": "pw"}, {"alice": "new", "bob": "pw"}], ids=["removed", "changed"])
def test_login_with_a_password_that_a_reload_took_away_fails(half_logged_in, users):
    pooler, slow = half_logged_in
    pooler.users = users
    pooler.reload()
    with pytest.raises(ServerError, match="password authentication failed"):
        finish(slow)


def labelled(name):
    """A server that answers every query with its name."""
    def script(connection):
        connection.read_startup()
        connection.greet()
        while (message := connection.read()).kind != "X":
            if message.kind == "Q":
                connection.answer(name)
    return script


def test_servers_that_are_launched_while_a_reload_arrives_go_to_the_new_address(start_pooler, fake_server):
    servers = {name: fake_server(labelled(name)) for name in ("old", "new")}
    names = [f"d{number}" for number in range(250)]

    def lines(target):
        return {name: servers[target].database() for name in names}

    pooler = start_pooler(lines("old"), {"pool_mode": "transaction", "max_client_conn": 2000,
                                         "server_idle_timeout": 1, "server_check_query": ""})
    clients = [pooler.login(database=name) for name in names]
    for target in ("new", "old", "new", "old"):
        net.wait_for(lambda: not pooler.show("SERVERS"), 20, "servers to go")
        pooler.databases = lines(target)
        pooler.write()
        with pooler.stopped():
            for client in clients:
                client.send(m.query("select 1"))
            pooler.signal(signal.SIGHUP)
        for client in clients:
            client.receive_until("Z")
        net.wait_for(lambda: {client.value("select 2") for client in clients} == {target}, 5, "the new address")
    for client in clients:
        client.close()


def test_servers_of_a_former_forced_user_are_not_offered_the_new_ones_password(start_pooler, postgres):
    """One account's secret must not be shown for another."""
    line = postgres.database("p0")
    pooler = start_pooler({"p0": line}, {"pool_mode": "transaction", "auth_type": "trust"})
    with pooler.login() as client:
        assert client.value("select current_user") == "alice"
        pooler.databases["p0"] = f"{line} user=bob password=wrong"
        pooler.reload()
        assert client.value("select current_user") == "alice"
