"""TLS and SCRAM on the way to the server, channel binding, renewal of certificates (behaviour.md 8.3, 8.4)."""

import hashlib
import os
import shutil
import ssl
import struct

import pytest

from harness import clients
from harness import messages as m
from harness import net, scram
from harness.certs import Authority
from harness.wire import ServerError

TLS = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()"


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("mode,encrypted", [("disable", "false"), ("allow", "true"), ("prefer", "true"),
                                            ("require", "true"), ("verify-ca", "true"), ("verify-full", "true")])
def test_every_server_tls_mode(start_pooler, postgres, authority, mode, encrypted):
    database = postgres.database("p0").replace("127.0.0.1", "localhost")
    ca = authority.ca if mode.startswith("verify") else None
    pooler = start_pooler({"p0": database}, {"server_tls_sslmode": mode, "server_tls_ca_file": ca})
    with pooler.login() as client:
        assert client.value(TLS) == encrypted


@pytest.mark.compat
def test_user_that_needs_tls_gets_it(start_pooler, postgres):
    pooler = start_pooler(settings={"server_tls_sslmode": "require"}, users={"ssl_user": ""})
    with pooler.login("ssl_user") as client:
        assert client.value(TLS) == "true"
    pooler = start_pooler(settings={"server_tls_sslmode": "disable"}, users={"ssl_user": ""})
    with pytest.raises(ServerError):
        pooler.login("ssl_user")


@pytest.mark.compat
def test_verify_full_checks_the_name(start_pooler, postgres, authority):
    settings = {"server_tls_sslmode": "verify-full", "server_tls_ca_file": authority.ca, "query_wait_timeout": 2}
    database = postgres.database("p0").replace("127.0.0.1", "127.0.0.2")
    pooler = start_pooler({"p0": database}, settings)
    with pytest.raises(ServerError):
        pooler.login()


@pytest.mark.compat
@pytest.mark.quick
def test_verify_ca_refuses_a_stranger(start_pooler, directory, postgres):
    stranger = Authority(directory, "stranger")
    settings = {"server_tls_sslmode": "verify-ca", "server_tls_ca_file": stranger.ca, "query_wait_timeout": 2}
    pooler = start_pooler(settings=settings)
    with pytest.raises(ServerError, match="query_wait_timeout"):
        pooler.login()
    pooler.wait_log("TLS handshake error")
    assert "handshake failed: handshake failed" not in pooler.log()


@pytest.mark.compat
def test_client_certificate_for_the_server(start_pooler, authority):
    cert, key = authority.issue("cert_user", "cert_user", names=())
    pooler = start_pooler(settings={"server_tls_sslmode": "require", "server_tls_cert_file": cert,
                                    "server_tls_key_file": key}, users={"cert_user": ""})
    with pooler.login("cert_user") as client:
        assert client.value("select current_user") == "cert_user"


@pytest.mark.compat
@pytest.mark.parametrize("mode,works", [("prefer", True), ("require", False)])
def test_server_that_refuses_tls(start_pooler, fake_server, mode, works):
    server = fake_server()
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"},
                          {"server_tls_sslmode": mode, "query_wait_timeout": 2})
    if works:
        assert pooler.login().value("select 1") == "1"
    else:
        with pytest.raises(ServerError, match="query_wait_timeout"):
            pooler.login()
        pooler.wait_log("server refused SSL")


@pytest.mark.compat
@pytest.mark.parametrize("answer", [b"X", b"SS", b"S\x00garbage instead of a handshake", b"E\0\0\0\x05x", b"Nabc"],
                         ids=["unknown", "two", "garbage", "error", "surplus"])
@pytest.mark.quick
def test_bad_answers_to_the_ssl_request(start_pooler, fake_server, answer):
    def script(connection):
        connection.read_packet()
        connection.send(answer)
        connection.read_bytes(1)

    pooler = start_pooler({"p0": f"host=127.0.0.1 port={fake_server(script).port}"},
                          {"server_tls_sslmode": "require", "query_wait_timeout": 1, "server_connect_timeout": 1})
    with pytest.raises(ServerError, match="query_wait_timeout"):
        pooler.login()


@pytest.mark.compat
@pytest.mark.quick
def test_scram_on_both_sides_by_psycopg(start_pooler, front_tls, authority):
    pooler = start_pooler(settings={**front_tls, "auth_type": "scram-sha-256", "server_tls_sslmode": "require"},
                          users={"scram_user": "scram-pw"})
    with pooler.connect("scram_user", password="scram-pw", sslmode="require") as connection:
        assert connection.execute(TLS).fetchone() == ("true",)
    with pytest.raises(Exception, match="SASL authentication failed"):
        pooler.connect("scram_user", password="wrong", sslmode="require")


@pytest.mark.quick
@pytest.mark.parametrize("rsa", [False, True], ids=["ecdsa", "rsa"])
def test_channel_binding_required_by_the_client(start_pooler, authority, rsa):
    cert, key = authority.issue("binding-rsa" if rsa else "binding-ec", rsa=rsa)
    settings = {"client_tls_sslmode": "require", "client_tls_cert_file": cert, "client_tls_key_file": key,
                "auth_type": "scram-sha-256"}
    pooler = start_pooler(settings=settings, users={"scram_user": "scram-pw"})
    with pooler.connect("scram_user", password="scram-pw", sslmode="require",
                        channel_binding="require") as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    with pytest.raises(Exception, match="SASL authentication failed"):
        pooler.connect("scram_user", password="wrong", sslmode="require", channel_binding="require")


def test_channel_binding_is_offered_only_inside_tls(start_pooler, front_tls):
    pooler = start_pooler(settings={**front_tls, "auth_type": "scram-sha-256"}, users={"scram_user": "scram-pw"})
    with pooler.wire() as plain:
        plain.startup("scram_user", "p0")
        assert plain.expect("R").body[4:] == b"SCRAM-SHA-256\0\0"
    with pooler.wire() as inside:
        inside.start_tls().startup("scram_user", "p0")
        offered = inside.expect("R").body[4:].split(b"\0")
        assert offered[:2] == [b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256"]


@pytest.mark.quick
@pytest.mark.parametrize("offered", [("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), ("SCRAM-SHA-256-PLUS",)],
                         ids=["both", "only-plus"])
def test_channel_binding_towards_the_server(start_pooler, fake_server, authority, offered):
    """The pooler binds its login to the certificate it sees (RFC 5929 tls-server-end-point)."""
    cert, key = authority.server
    with open(cert) as pem:
        certificate_hash = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read())).digest()
    chosen = []

    def script(connection):
        connection.accept_tls(cert, key)
        connection.read_startup()
        exchange = scram.Server("pw")
        mechanism, first = connection.ask_sasl(*offered)
        connection.send(m.message("R", struct.pack("!i", 11) + exchange.first(first)))
        final = exchange.final(connection.read().body)
        chosen.append((mechanism, exchange.gs2, exchange.binding == certificate_hash))
        connection.send(m.message("R", struct.pack("!i", 12) + final))
        connection.greet()
        connection.serve()

    pooler = start_pooler({"p0": f"host=127.0.0.1 port={fake_server(script).port}"},
                          {"auth_type": "plain", "server_tls_sslmode": "require"}, users={"alice": "pw"})
    assert pooler.login(password="pw").value("echo bound") == "bound"
    assert chosen == [("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,", True)]


def test_downgrade_of_channel_binding_is_noticed(start_pooler, front_tls):
    """gs2 flag `y` says the client can bind but saw no offer; where the offer was made somebody cut it out."""
    pooler = start_pooler(settings={**front_tls, "auth_type": "scram-sha-256"}, users={"scram_user": "scram-pw"})
    with pooler.wire() as client:
        client.start_tls().startup("scram_user", "p0")
        client.expect("R")
        first = scram.Client("scram-pw", b"y,,").first()
        client.send(m.message("p", m.text("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first))
        client.expect_fatal("SASL authentication failed")


def own_pair(directory, source):
    """Copies a (certificate, key) to where the test may change them; returns their paths there."""
    cert, key = os.path.join(directory, "front.crt"), os.path.join(directory, "front.key")
    for original, copy in zip(source, (cert, key)):
        shutil.copy(original, copy)
    return cert, key


@pytest.mark.compat
@pytest.mark.quick
def test_renewed_certificate_is_taken_at_reload(start_pooler, authority, directory):
    cert, key = own_pair(directory, authority.server)
    pooler = start_pooler(settings={"client_tls_sslmode": "require", "client_tls_cert_file": cert,
                                    "client_tls_key_file": key})
    def seen():
        with pooler.wire() as client:
            client.start_tls()
            return client.socket.getpeercert(True)

    with pooler.wire() as old:
        old.start_tls().login()
        before = seen()
        own_pair(directory, authority.issue("renewed"))
        pooler.admin("RELOAD")
        assert seen() != before
        assert old.value("select 'kept'") == "kept"


@pytest.mark.quick
def test_broken_certificate_at_reload_keeps_the_old_one(start_pooler, authority, directory):
    cert, key = own_pair(directory, authority.server)
    pooler = start_pooler(settings={"client_tls_sslmode": "require", "client_tls_cert_file": cert,
                                    "client_tls_key_file": key})
    for broken in ("garbage", authority.client[1]):
        if os.path.exists(broken):
            shutil.copy(broken, key)
        else:
            with open(key, "w") as text:
                text.write(broken)
        with pytest.raises(ServerError) as caught:
            pooler.admin("RELOAD")
        assert caught.value.fields["C"] == "F0000"
        with pooler.wire() as client:
            client.start_tls(ca=authority.ca)
            assert client.login().value("select 1") == "1"


@pytest.mark.compat
def test_set_of_a_bad_tls_setting_keeps_the_old_configuration(start_pooler, front_tls, authority):
    pooler = start_pooler(settings=front_tls)
    with pooler.console() as console:
        received = console.query("SET client_tls_key_file = '/nonexistent.key'")
        assert m.kinds(received) == "NCZ"
        assert received[0].fields["M"] == "TLS settings could not be applied, still using old configuration"
    with pooler.wire() as client:
        assert client.start_tls(ca=authority.ca).login().value("select 1") == "1"


@pytest.mark.compat
def test_changed_server_tls_replaces_servers(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "server_tls_sslmode": "disable"})
    with pooler.login() as client:
        assert client.value(TLS) == "false"
        pooler.reload(server_tls_sslmode="require")
        net.wait_for(lambda: client.value(TLS) == "true", what="the new server")


@pytest.mark.compat
@pytest.mark.quick
def test_large_results_and_uploads_inside_tls_on_both_sides(start_pooler, front_tls, table):
    pooler = start_pooler(settings={**front_tls, "pool_mode": "transaction", "server_tls_sslmode": "require"})
    with pooler.wire(timeout=30) as client:
        client.start_tls().login()
        size = 3_000_000
        assert len(client.value(f"select repeat('x', {size})")) == size
        client.send(m.query(f"copy {table} from stdin"))
        client.expect("G")
        for i in range(200):
            client.send(m.copy_data(b"%d " % i + b"y" * 10000 + b"\n"))
        client.send(m.COPY_DONE)
        assert client.receive_until("Z")[0].tag == "COPY 200"
        assert client.value(f"select sum(length(v)) from {table}") == str(200 * 10000 + 200 + 10 + 180 + 300)


@pytest.mark.compat
def test_psql_verify_full_through_the_pooler(start_pooler, front_tls, authority):
    pooler = start_pooler(settings={**front_tls, "client_tls_sslmode": "require"})
    info = f"host=localhost port={pooler.port} user=alice dbname=p0 sslmode=verify-full sslrootcert={authority.ca}"
    assert clients.psql(info, "select 1") == "1\n"
