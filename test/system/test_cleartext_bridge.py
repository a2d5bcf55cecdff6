"""A server that wants the clear-text password while only a hash is stored (design.md 5)."""

import hashlib
import re
import socket
import struct
import time

import pytest

from harness import clients
from harness import messages as m
from harness import net, scram
from harness.fake_server import FakeServer
from harness.recipe import ADMIN_HASH, start_recipe
from harness.wire import Closed, ServerError

PASSWORD = "quest"


def cleartext_server(password=PASSWORD):
    """A script for a server that takes only this clear-text password and answers queries, as QuestDB does."""
    def script(connection):
        connection.read_startup()
        connection.send(m.AUTH_CLEARTEXT)
        given = connection.read()
        if given.kind != "p" or given.body != m.text(script.password):
            connection.send(m.error_response("00000", "invalid username/password", "FATAL"))
            return
        connection.greet()
        connection.serve()
    script.password = password
    return script


def passwords_received(server):
    return [message.body.rstrip(b"\0").decode() for _, message in server.received if message.kind == "p"]


@pytest.fixture
def bridge(start_pooler, kind, fake_server, authority):
    """Makes (pooler, server, script): the recipe in front of a scripted clear-text server."""
    def start(secret=ADMIN_HASH, **edits):
        script = cleartext_server()
        server = fake_server(script)
        edits.setdefault("extra", "server_login_retry = 1\nquery_wait_timeout = 5\n")
        return start_recipe(start_pooler, kind, server, authority, secret=secret, **edits), server, script
    return start


def login(pooler, password=PASSWORD):
    return pooler.wire().start_tls().login("admin", "questdb", password)


def login_error(pooler, password=PASSWORD):
    with pytest.raises(ServerError) as caught:
        login(pooler, password)
    assert caught.value.fields["S"] == "FATAL"
    return caught.value.fields["M"]


@pytest.mark.quick
@pytest.mark.parametrize("secret", [ADMIN_HASH, scram.secret(PASSWORD)], ids=["md5", "scram"])
def test_password_is_asked_for_in_clear_inside_tls_and_given_to_the_server(bridge, secret):
    pooler, server, _ = bridge(secret)
    for _ in range(3):
        with login(pooler) as client:
            assert client.value("echo it-works") == "it-works"
    assert set(passwords_received(server)) == {PASSWORD}


@pytest.mark.quick
@pytest.mark.parametrize("secret", [ADMIN_HASH, scram.secret(PASSWORD)], ids=["md5", "scram"])
def test_wrong_password_never_reaches_the_server(bridge, secret):
    pooler, server, _ = bridge(secret)
    for _ in range(2):
        assert "authentication failed" in login_error(pooler, "wrong")
    with login(pooler) as client:
        client.value("select 1")
    assert "authentication failed" in login_error(pooler, "wrong")
    assert set(passwords_received(server)) == {PASSWORD}


@pytest.mark.quick
def test_without_tls_there_is_a_clear_error_and_no_clear_text_request(bridge):
    pooler, server, _ = bridge(client_tls_sslmode="allow")
    with pooler.wire() as client:
        client.startup("admin", "questdb")
        with pytest.raises(ServerError) as caught:
            client.authenticate("admin", PASSWORD)
        assert client.method != 3 if hasattr(client, "method") else True
        assert "TLS" in caught.value.fields["M"]
    assert passwords_received(server) == []
    login(pooler).terminate()


@pytest.mark.quick
def test_hash_is_never_sent_nor_logged(bridge):
    pooler, server, script = bridge()
    login(pooler).terminate()
    script.password = "changed"
    pooler.signal(1)
    for connection in server.connections:
        connection.socket.close()
    time.sleep(0.5)
    for password in (PASSWORD, "wrong"):
        try:
            login(pooler, password).terminate()
        except (ServerError, Closed):
            pass
    digest = hashlib.md5((PASSWORD + "admin").encode()).hexdigest()
    for message in server.received:
        assert digest.encode() not in message[1].body
    for text in (pooler.log(), pooler.stderr()):
        assert digest not in text and not re.search(rf"\b{PASSWORD}\b", text)


@pytest.mark.quick
def test_changed_server_password_is_told_in_words_and_works_after_reload(bridge):
    pooler, server, script = bridge()
    with login(pooler) as client:
        client.value("select 1")
    script.password = "new-password"
    for connection in server.connections:
        try:
            connection.socket.shutdown(2)
        except OSError:
            pass
    net.wait_for(lambda: _told(pooler), 15, "an error in words", 0.3)
    with open(pooler.userlist_path, "w") as userlist:
        userlist.write('"admin" "md5' + hashlib.md5(b"new-passwordadmin").hexdigest() + '"\n')
    pooler.signal(1)
    pooler.wait_log("got SIGHUP")

    def works():
        try:
            with login(pooler, "new-password") as client:
                return client.value("echo new") == "new"
        except (ServerError, Closed):
            return False

    net.wait_for(works, 15, "the new password to work", 0.5)
    assert "authentication failed" in login_error(pooler)


def _told(pooler):
    try:
        with login(pooler) as client:
            client.value("select 1")
        return False
    except ServerError as error:
        return len(error.fields["M"]) > 5
    except Closed:
        return False


def test_real_questdb_with_a_changed_password(start_pooler, kind, start_questdb, authority):
    questdb = start_questdb(f"password{kind.workers}")
    pooler = start_recipe(start_pooler, kind, questdb, authority, extra="server_login_retry = 1\n")
    with login(pooler) as old:
        assert old.value("select count() from trades") == "3"
        questdb.set_password("s3cond", reload=True)
        assert old.value("select count() from trades") == "3"
        with open(pooler.userlist_path, "w") as userlist:
            userlist.write('"admin" "md5' + hashlib.md5(b"s3condadmin").hexdigest() + '"\n')
        pooler.signal(1)
        pooler.wait_log("got SIGHUP")
        with login(pooler, "s3cond") as new:
            assert new.value("select count() from trades") == "3"
    questdb.set_password("quest", reload=True)


@pytest.mark.quick
def test_setting_fail_refuses_instead_of_asking(start_pooler, kind, fake_server, authority):
    cert, key = authority.server
    server = fake_server(cleartext_server())
    settings = {"auth_type": "md5", "client_tls_sslmode": "require", "client_tls_cert_file": cert,
                "client_tls_key_file": key}
    pooler = start_pooler({"questdb": f"host=127.0.0.1 port={server.port}"}, settings, users={"admin": ADMIN_HASH},
                          uvbouncer={"cleartext_server_auth": "fail"})
    told = login_error(pooler)
    assert "only a hash of it is stored" in told and "TLS" not in told
    assert PASSWORD not in passwords_received(server)


def test_two_users_never_share_a_password(start_pooler, fake_server, authority):
    cert, key = authority.server
    passwords = {"alice": "alice-pw", "bob": "bob-pw"}

    def script(connection):
        user = connection.read_startup()["user"]
        connection.send(m.AUTH_CLEARTEXT)
        if connection.read().body != m.text(passwords[user]):
            connection.send(m.error_response("28P01", "no", "FATAL"))
            return
        connection.greet()
        connection.serve()

    hashes = {user: "md5" + hashlib.md5((pw + user).encode()).hexdigest() for user, pw in passwords.items()}
    pooler = start_pooler({"q": f"host=127.0.0.1 port={fake_server(script).port}"},
                          {"auth_type": "md5", "client_tls_sslmode": "require", "client_tls_cert_file": cert,
                           "client_tls_key_file": key}, users=hashes)
    for _ in range(2):
        for user, password in passwords.items():
            with pooler.wire() as client:
                assert client.start_tls().login(user, "q", password).value("echo x") == "x"


def method_asked(pooler, user, database):
    """The authentication request a TLS client gets for these names, by its number."""
    with pooler.wire() as client:
        client.start_tls().startup(user, database)
        return struct.unpack("!i", client.expect("R").body[:4])[0]


@pytest.mark.quick
@pytest.mark.parametrize("auth_type", ["md5", "scram-sha-256"])
@pytest.mark.parametrize("secret", [PASSWORD, ADMIN_HASH, scram.secret(PASSWORD)], ids=["plain", "md5", "scram"])
def test_request_does_not_tell_who_and_what_exists(bridge, secret, auth_type):
    pooler, _, _ = bridge(secret, auth_type=auth_type)
    names = [(user, database) for user in ("admin", "stranger") for database in ("questdb", "nodb")]
    for _ in range(2):
        assert len({method_asked(pooler, *pair) for pair in names}) == 1
        pooler.wire().start_tls().login("admin", "questdb", PASSWORD).terminate()


def test_stranger_is_asked_like_those_with_a_hash_when_there_are_both(start_pooler, fake_server, authority):
    cert, key = authority.server
    settings = {"auth_type": "md5", "client_tls_sslmode": "require", "client_tls_cert_file": cert,
                "client_tls_key_file": key}
    pooler = start_pooler({"questdb": f"host=127.0.0.1 port={fake_server(cleartext_server()).port}"}, settings,
                          users={"plain": "pw", "admin": ADMIN_HASH})
    for user in ("stranger", "admin"):
        assert method_asked(pooler, user, "questdb") == 3
        with pytest.raises(ServerError, match="password authentication failed"):
            pooler.wire().start_tls().login(user, "questdb", "wrong")


@pytest.mark.quick
def test_user_whom_the_server_treats_unlike_the_others_logs_in_when_told_to_again(start_pooler, fake_server, authority):
    def script(connection):
        if connection.read_startup()["user"] == "admin":
            connection.send(m.AUTH_CLEARTEXT)
            assert connection.read().body == m.text(PASSWORD)
        connection.greet()
        connection.serve()

    cert, key = authority.server
    settings = {"auth_type": "md5", "client_tls_sslmode": "require", "client_tls_cert_file": cert,
                "client_tls_key_file": key, "server_login_retry": 1}
    trusted = "md5" + hashlib.md5(b"pwtrusted").hexdigest()
    pooler = start_pooler({"questdb": f"host=127.0.0.1 port={fake_server(script).port}"}, settings,
                          users={"admin": ADMIN_HASH, "trusted": trusted})
    pooler.wire().start_tls().login("trusted", "questdb", "pw").terminate()
    told = login_error(pooler)
    assert "log in again" in told and "connect with TLS" not in told
    for _ in range(2):
        with login(pooler) as client:
            assert client.value("echo x") == "x"
        pooler.wire().start_tls().login("trusted", "questdb", "pw").terminate()


def plain_login_error(pooler):
    """What a client without TLS is told: it only gets in while its password is kept for the server."""
    with pooler.wire() as client:
        try:
            client.login("admin", "questdb", PASSWORD)
        except ServerError as error:
            return error.fields["M"]
    return ""


SHORT_LIVES = "server_idle_timeout = 1\nserver_login_retry = 1\nquery_wait_timeout = 5\n"


def test_password_is_forgotten_with_its_pool(bridge):
    pooler, _, _ = bridge(client_tls_sslmode="allow", extra=SHORT_LIVES + "pool_idle_timeout = 1\n")
    login(pooler).terminate()
    assert plain_login_error(pooler) == ""
    net.wait_for(lambda: not [row for row in pooler.show("POOLS") if row["database"] == "questdb"], 15, "the pool to go")
    assert "only a hash of it is stored" in plain_login_error(pooler)


def test_password_is_forgotten_when_the_secret_changes(bridge):
    pooler, _, _ = bridge(client_tls_sslmode="allow", extra=SHORT_LIVES)
    login(pooler).terminate()
    with open(pooler.userlist_path, "w") as userlist:
        userlist.write(f'"admin" "{scram.secret(PASSWORD)}"\n')
    pooler.admin("RELOAD")
    pooler.admin("RECONNECT")
    assert "only a hash of it is stored" in plain_login_error(pooler)
    login(pooler).terminate()
    assert plain_login_error(pooler) == ""


class Silent:
    """A port that takes connections and never says a word."""

    def __init__(self):
        self.port = net.free_port()
        self.listener = socket.create_server(("127.0.0.1", self.port))


class Absent:
    """A port where nobody listens, and nobody else can, until it is left."""

    def __init__(self):
        self.port = net.free_port()
        self.holder = socket.socket()
        self.holder.bind(("", self.port))

    def leave(self):
        self.holder.close()
        return self.port


def refusal(pooler, user, database):
    """How a TLS client with a wrong password is refused, and after how many seconds."""
    began = time.monotonic()
    with pooler.wire(timeout=20) as client:
        with pytest.raises(ServerError) as caught:
            client.start_tls().login(user, database, "wrong")
    return caught.value.fields["M"], time.monotonic() - began


@pytest.mark.quick
@pytest.mark.parametrize("server,patience", [(Absent, 1), (Silent, 5)], ids=["absent", "silent"])
def test_wrong_password_is_refused_whatever_the_server_does(start_pooler, kind, authority, server, patience):
    there = server()
    pooler = start_recipe(start_pooler, kind, there, authority)
    for user, database in (("admin", "questdb"), ("stranger", "questdb"), ("admin", "nodb"), ("stranger", "nodb")):
        text, seconds = refusal(pooler, user, database)
        assert text == "password authentication failed" and seconds < patience * net.patience
        patience = 1


@pytest.mark.quick
def test_first_login_works_as_soon_as_the_server_is_there(start_pooler, kind, authority):
    absent = Absent()
    pooler = start_recipe(start_pooler, kind, absent, authority, extra="server_login_retry = 1\n")
    assert refusal(pooler, "admin", "questdb")[0] == "password authentication failed"
    with FakeServer(cleartext_server(), absent.leave()):
        time.sleep(1.2)
        with login(pooler) as client:
            assert client.value("echo it-works") == "it-works"


@pytest.mark.quick
@pytest.mark.parametrize("command", ["PAUSE", "PAUSE questdb", "DISABLE questdb"])
def test_nobody_makes_a_connection_to_a_stopped_database_by_knocking(bridge, command):
    pooler, server, _ = bridge()
    pooler.admin(command)
    for user in ("admin", "stranger"):
        assert refusal(pooler, user, "questdb")[0] == "password authentication failed"
    assert server.connections == []


@pytest.mark.quick
def test_server_is_never_told_the_name_of_a_stranger(bridge):
    pooler, server, _ = bridge()
    assert refusal(pooler, "stranger", "questdb")[0] == "password authentication failed"
    assert {startup["user"] for startup in server.startups} <= {"admin"}


def test_very_long_password_passes(start_pooler, fake_server, authority, kind):
    """Access tokens as passwords are up to some kilobytes long."""
    token = "t0ken" * 800
    script = cleartext_server(token)
    secret = "md5" + hashlib.md5((token + "admin").encode()).hexdigest()
    pooler = start_recipe(start_pooler, kind, fake_server(script), authority, secret=secret)
    with login(pooler, token) as client:
        assert client.value("echo x") == "x"


def test_plain_text_in_the_user_list_needs_no_asking(bridge):
    pooler, server, _ = bridge(PASSWORD)
    with pooler.wire() as client:
        client.start_tls().startup("admin", "questdb")
        client.authenticate("admin", PASSWORD)
        assert client.method == 5
        client.welcome()
        assert client.value("echo x") == "x"


def test_psql_over_tls_with_channel_binding_required_refuses_in_words(bridge):
    pooler, _, _ = bridge()
    info = f"host=localhost port={pooler.port} user=admin password=quest dbname=questdb sslmode=require"
    with pytest.raises(clients.ClientError, match="(?i)channel binding"):
        clients.psql(info + " channel_binding=require", "select 1")


def test_short_or_broken_password_messages_end_only_their_client(bridge):
    pooler, _, _ = bridge()
    for body in (b"", b"\0", b"no end", struct.pack("!i", 7)):
        with pooler.wire() as client:
            client.start_tls().startup("admin", "questdb")
            client.expect("R")
            client.send(m.message("p", body))
            with pytest.raises((ServerError, Closed)):
                client.receive_until("R")
    with login(pooler) as client:
        assert client.value("echo well") == "well"


def own_address():
    """An address of this machine that is not loopback; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


@pytest.mark.quick
@pytest.mark.parametrize("far", [True, False], ids=["far", "near"])
def test_clear_text_password_on_the_network_is_warned_of_once(start_pooler, fake_server, far):
    def script(connection):
        connection.read_startup()
        connection.send(m.AUTH_CLEARTEXT)
        connection.read()
        connection.greet()
        connection.serve()

    address = own_address() if far else "127.0.0.1"
    if address is None:
        pytest.skip("no network")
    pooler = start_pooler({"p0": f"host={address} port={fake_server(script).port}"}, users={"alice": "pw", "bob": "pw"})
    for user in ("alice", "bob"):
        with pooler.login(user, password="pw") as client:
            assert client.value("select 1") == "1"
    assert pooler.log().count("the password travels to the server in clear text") == far
