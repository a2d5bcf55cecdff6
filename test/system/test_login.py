"""Limits, authentication and the login's end (behaviour.md 1.3 to 1.6)."""

import hashlib
import os
import struct
import time

import pytest

from harness import messages as m
from harness import net, scram
from harness.wire import ServerError, send_cancel


def md5_secret(user, password):
    return "md5" + hashlib.md5((password + user).encode()).hexdigest()


def refused(pooler, *arguments, **options):
    """The text of the error that a login ends with."""
    with pytest.raises(ServerError) as caught:
        pooler.login(*arguments, **options)
    assert caught.value.fields["S"] == "FATAL" and caught.value.fields["C"] == "08P01"
    return caught.value.fields["M"]


@pytest.mark.compat
@pytest.mark.quick
def test_s028_max_client_conn_refuses_clients_but_neither_console_nor_cancel(start_pooler, postgres):
    pooler = start_pooler(settings={"max_client_conn": 1})
    with pooler.login() as first:
        assert refused(pooler) == "no more connections allowed (max_client_conn)"
        assert pooler.show("VERSION")
        first.send(m.query(f"select pg_sleep(20) /* {pooler.port} */"))
        postgres.wait_running(f"/* {pooler.port} */")
        assert send_cancel(pooler.port, first.key) == b""
        assert first.receive_until("Z")[-2].fields["C"] == "57014"


def test_s029_max_db_client_connections_refuses_the_next_client(start_pooler):
    pooler = start_pooler(settings={"max_db_client_connections": 1})
    with pooler.login():
        assert refused(pooler, "bob") == "client connections exceeded (max_db_client_connections)"
        pooler.login("bob", "p1").terminate()


@pytest.mark.quick
def test_s030_max_user_client_connections_counts_and_forgets(start_pooler):
    users = {"alice": "pw"}
    pooler = start_pooler(settings={"max_user_client_connections": 2, "auth_type": "plain"}, users=users)
    text = "client connections exceeded (max_user_client_connections)"
    with pooler.login(password="pw"):
        assert refused(pooler, password="wrong") == "password authentication failed"
        second = pooler.login(database="p1", password="pw")
        assert refused(pooler, password="pw") == text
        second.terminate()
        net.wait_for(lambda: pooler.show("USERS") and
                     [u for u in pooler.show("USERS") if u["name"] == "alice"][0]["current_client_connections"] == "1",
                     what="the count to go back")
        pooler.login(password="pw").terminate()


@pytest.mark.compat
def test_s031_unknown_database_is_told_only_after_authentication(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"}, users={"alice": md5_secret("alice", "pw")})
    assert refused(pooler, "alice", "nowhere", "pw") == "no such database: nowhere"
    assert refused(pooler, "alice", "nowhere", "wrong") == "password authentication failed"


@pytest.mark.compat
def test_s032_unknown_user_gets_an_md5_challenge_and_fails(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"})
    with pooler.wire() as client:
        client.startup("nobody", "p0")
        assert client.expect("R").body[:4] == struct.pack("!i", 5)
        client.send(m.password("md5" + "0" * 32))
        client.expect_fatal("password authentication failed")
    pooler.wait_log("no such user: nobody")


@pytest.mark.compat
def test_s033_unknown_user_gets_the_same_scram_salt_each_time(start_pooler):
    pooler = start_pooler(settings={"auth_type": "scram-sha-256"})
    salts = []
    for _ in range(2):
        with pooler.wire() as client:
            client.startup("nobody", "p0")
            with pytest.raises(ServerError) as caught:
                client.authenticate("nobody", "pw")
            assert caught.value.fields["M"] == "SASL authentication failed"
            salts.append(client._scram.salt)
    assert salts[0] == salts[1]


@pytest.mark.compat
def test_s034_unknown_user_under_trust(pooler):
    assert refused(pooler, "nobody") == '"trust" authentication failed'


@pytest.mark.compat
@pytest.mark.parametrize("auth_type", ["plain", "md5"])
def test_s035_empty_password_is_refused(start_pooler, auth_type):
    pooler = start_pooler(settings={"auth_type": auth_type}, users={"alice": "pw"})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect("R")
        client.send(m.password(""))
        client.expect_fatal("empty password returned by client")


@pytest.mark.compat
def test_s036_stored_scram_secret_under_md5_asks_for_sasl(start_pooler, postgres):
    databases = {"p0": postgres.database("p0", user="bob")}
    pooler = start_pooler(databases, {"auth_type": "md5"}, users={"alice": scram.secret("pw")})
    with pooler.login(password="pw") as client:
        assert client.method == 10
        assert "SCRAM-SHA-256" in client.mechanisms


@pytest.mark.compat
def test_s037_stored_md5_hash_under_scram_fails_after_the_first_message(start_pooler):
    pooler = start_pooler(settings={"auth_type": "scram-sha-256"}, users={"alice": md5_secret("alice", "pw")})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect("R")
        first = scram.Client("pw").first()
        client.send(m.message("p", m.text("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first))
        client.expect_fatal("SASL authentication failed")


@pytest.mark.compat
def test_s038_channel_binding_without_tls_is_an_invalid_mechanism(start_pooler):
    pooler = start_pooler(settings={"auth_type": "scram-sha-256"}, users={"alice": "pw"})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        assert client.expect("R").body[4:] == b"SCRAM-SHA-256\0\0"
        first = scram.Client("pw", b"p=tls-server-end-point,,").first()
        client.send(m.message("p", m.text("SCRAM-SHA-256-PLUS") + struct.pack("!i", len(first)) + first))
        client.expect_fatal("client selected an invalid SASL authentication mechanism")


STORED = {"plain-text": lambda: "pw", "md5-hash": lambda: md5_secret("alice", "pw"),
          "scram-secret": lambda: scram.secret("pw")}


@pytest.mark.compat
@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("auth_type", ["plain", "md5", "scram-sha-256"])
def test_right_and_wrong_password_by_method_and_stored_secret(start_pooler, postgres, auth_type, stored):
    databases = {"p0": postgres.database("p0", user="bob")}
    pooler = start_pooler(databases, {"auth_type": auth_type}, users={"alice": STORED[stored]()})
    if (auth_type, stored) == ("scram-sha-256", "md5-hash"):
        assert refused(pooler, password="pw") == "SASL authentication failed"
    else:
        with pooler.login(password="pw") as client:
            assert client.value("select current_user") == "bob"
    uses_scram = auth_type == "scram-sha-256" or (auth_type, stored) == ("md5", "scram-secret")
    expected = "SASL authentication failed" if uses_scram else "password authentication failed"
    assert refused(pooler, password="pW") == expected


@pytest.mark.compat
def test_stored_empty_password_never_matches(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"}, users={"alice": ""})
    assert refused(pooler, password="x") == "password authentication failed"


@pytest.mark.compat
@pytest.mark.quick
def test_s045_console_refuses_users_on_neither_list_before_asking_for_a_password(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"}, users={"alice": "pw"})
    with pooler.wire() as client:
        client.startup("alice", "pgbouncer")
        client.expect_fatal("not allowed")


@pytest.mark.compat
def test_s046_own_user_on_the_unix_socket_needs_no_password(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"})
    with pooler.console() as console:
        assert console.rows("SHOW VERSION")[0][0].startswith("PgBouncer 1.")
    pooler.wait_log("pgbouncer access from unix socket")


def test_s046_own_user_over_tcp_is_authenticated_normally(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"})
    assert refused(pooler, "pgbouncer", "pgbouncer", "pw") == "password authentication failed"


@pytest.mark.compat
def test_s047_auth_type_any_needs_a_forced_user(start_pooler, postgres):
    databases = {"p0": postgres.database("p0"), "forced": postgres.database("p0", user="bob")}
    pooler = start_pooler(databases, {"auth_type": "any"})
    assert refused(pooler, "whoever") == "bouncer config error"
    with pooler.login("whoever", "forced") as client:
        assert client.value("select current_user") == "bob"


@pytest.mark.compat
@pytest.mark.quick
def test_s050_silent_client_is_cut_by_client_login_timeout(start_pooler):
    pooler = start_pooler(settings={"client_login_timeout": 1})
    with pooler.wire() as client:
        began = time.monotonic()
        client.expect_fatal("client_login_timeout")
        assert 0.8 < time.monotonic() - began < 2.5 * net.patience


@pytest.mark.compat
def test_s050_login_timeout_covers_the_tls_handshake(start_pooler, authority):
    cert, key = authority.server
    pooler = start_pooler(settings={"client_login_timeout": 1, "client_tls_sslmode": "require",
                                    "client_tls_cert_file": cert, "client_tls_key_file": key})
    with pooler.wire() as client:
        assert client.request_tls() == b"S"
        began = time.monotonic()
        while True:
            try:
                if not client.socket.recv(4096):
                    break
            except ConnectionResetError:
                break
        assert time.monotonic() - began < 3 * net.patience
    pooler.wait_log("client_login_timeout")


@pytest.mark.compat
def test_s051_cold_pool_with_unreachable_server_says_server_down(start_pooler):
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={net.free_port()}"}, {"client_login_timeout": 1})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect_fatal("client_login_timeout (server down)")


@pytest.mark.compat
def test_s052_disabled_database_refuses_new_logins_only(pooler):
    with pooler.login() as client:
        pooler.admin("DISABLE p0")
        assert refused(pooler) == 'database "p0" is disabled'
        assert client.value("select 1") == "1"
        pooler.admin("ENABLE p0")
        pooler.login().terminate()


def test_s053_login_notify_message_is_one_notice_before_ready(start_pooler):
    pooler = start_pooler(settings={"login_notify_message": "maintenance tonight"})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.authenticate("alice", "")
        received = client.welcome()
        assert m.kinds(received).endswith("KNZ")
        assert received[-2].fields == {"S": "NOTICE", "C": "00000", "M": "maintenance tonight"}


@pytest.mark.quick
def test_s054_each_login_gets_its_own_positive_cancel_key(pooler):
    keys = set()
    for _ in range(8):
        with pooler.login() as client:
            assert len(client.key) == 8 and client.key[0] < 128
            keys.add(client.key)
    assert len(keys) == 8


@pytest.mark.compat
def test_user_name_too_long_is_refused(pooler):
    assert refused(pooler, "u" * 200) == "username too long"


def test_failed_server_login_is_relayed_with_the_servers_code(start_pooler, postgres):
    pooler = start_pooler({"p0": postgres.database("does_not_exist")})
    with pytest.raises(ServerError) as caught:
        pooler.login()
    assert caught.value.fields["C"] == "3D000"
    assert caught.value.fields["M"] == 'database "does_not_exist" does not exist'


@pytest.mark.compat
@pytest.mark.parametrize("user,secret", [("scram_user", "scram-pw"), ("md5_user", "md5-pw"), ("plain_user", "plain-pw")])
def test_server_login_with_a_stored_plain_text_password(start_pooler, user, secret):
    pooler = start_pooler(settings={"auth_type": "md5"}, users={user: secret})
    with pooler.login(user, password=secret) as client:
        assert client.value("select current_user") == user


@pytest.mark.compat
def test_server_login_with_a_stored_md5_hash(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"}, users={"md5_user": md5_secret("md5_user", "md5-pw")})
    with pooler.login("md5_user", password="md5-pw") as client:
        assert client.value("select current_user") == "md5_user"


@pytest.mark.compat
@pytest.mark.quick
def test_scram_secret_passes_through_to_the_server(start_pooler, postgres):
    stored = postgres.value("select rolpassword from pg_authid where rolname = 'scram_user'")
    pooler = start_pooler(settings={"auth_type": "scram-sha-256"}, users={"scram_user": stored})
    with pooler.login("scram_user", password="scram-pw") as client:
        assert client.value("select current_user") == "scram_user"


@pytest.mark.compat
def test_md5_hash_cannot_answer_a_scram_server(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"}, users={"scram_user": md5_secret("scram_user", "scram-pw")})
    assert refused(pooler, "scram_user", password="scram-pw") == "server login failed: wrong password type"


def test_s165_scram_clients_leave_forced_logins_working(start_pooler, postgres):
    database = postgres.database("p0", user="scram_user", password="scram-pw")
    stored = {"alice": scram.secret("alice-pw")}
    pooler = start_pooler({"p0": database}, {"auth_type": "scram-sha-256", "server_lifetime": 0}, users=stored)
    for _ in range(3):
        with pooler.login(password="alice-pw") as client:
            assert client.value("select current_user") == "scram_user"
        pooler.admin("RECONNECT")
        net.wait_for(lambda: not postgres.backends("scram_user"), what="the server connection to go")


@pytest.mark.compat
def test_userlist_is_reread_by_reload(start_pooler):
    pooler = start_pooler(settings={"auth_type": "plain"}, users={"alice": "one"})
    pooler.login(password="one").terminate()
    pooler.users["alice"] = "two-two"
    pooler.reload()
    assert refused(pooler, password="one") == "password authentication failed"
    pooler.login(password="two-two").terminate()


@pytest.mark.compat
def test_passwords_with_odd_characters(start_pooler, postgres):
    odd = 'p"w \\ \u00e4\u00df;#=' + "x" * 900
    databases = {"p0": postgres.database("p0", user="bob")}
    for auth_type in ("plain", "md5", "scram-sha-256"):
        pooler = start_pooler(databases, {"auth_type": auth_type}, users={"alice": odd})
        with pooler.login(password=odd) as client:
            assert client.value("select 1") == "1"
    assert os.path.exists(pooler.log_path) and "p\"w" not in pooler.log()
