"""The first bytes of a connection and the welcome (behaviour.md 1.1 to 1.7)."""

import ssl
import struct
import threading
import time

import pytest

from harness import messages as m
from harness.wire import Closed, ServerError


@pytest.fixture
def tls_settings(authority):
    """Settings that switch TLS to clients on."""
    cert, key = authority.server
    return {"client_tls_sslmode": "allow", "client_tls_cert_file": cert, "client_tls_key_file": key}


@pytest.fixture
def tls_pooler(start_pooler, tls_settings):
    return start_pooler(settings=tls_settings)


@pytest.mark.compat
@pytest.mark.quick
def test_s001_welcome_is_ok_parameters_key_ready(pooler):
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect("R")
        received = client.welcome()
        kinds = m.kinds(received)
        assert kinds == "S" * (len(kinds) - 2) + "KZ"
        assert received[-1].body == b"I"
        assert client.parameters["server_version"].startswith("15.")
        assert client.value("select 1") == "1"


def test_s001_welcome_names_tracked_parameters_last_and_verbatim(pooler):
    with pooler.login(client_encoding="latin1", application_name="app one") as client:
        names = list(client.parameters)
        tracked = ["DateStyle", "client_encoding", "TimeZone", "standard_conforming_strings", "application_name"]
        assert [n for n in names if n in tracked] == tracked
        assert names.index("server_version") < names.index("DateStyle")
        assert client.parameters["client_encoding"] == "latin1"
        assert client.parameters["application_name"] == "app one"


@pytest.mark.compat
@pytest.mark.quick
def test_s002_cold_pool_sends_nothing_before_a_server_login_completed(start_pooler, fake_server):
    def slow_login(connection):
        connection.read_startup()
        released.wait(20)
        connection.greet()
        connection.serve()

    released = threading.Event()
    server = fake_server(slow_login)
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect_silence(0.5)
        released.set()
        client.expect("R")
        client.welcome()


@pytest.mark.compat
def test_s003_warm_pool_welcomes_while_the_server_is_down(start_pooler, fake_server):
    server = fake_server()
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"})
    pooler.login().terminate()
    server.stop()
    with pooler.login() as client:
        assert client.parameters["server_version"] == "15.0"


def test_s004_protocol_3_1_is_negotiated_before_authentication(pooler):
    with pooler.wire() as client:
        client.startup("alice", "p0", protocol=0x00030001)
        assert client.expect("v").body == struct.pack("!ii", 0x00030000, 0)
        client.authenticate("alice", "")
        client.welcome()
        assert client.value("select 1") == "1"


@pytest.mark.quick
def test_s005_protocol_3_2_with_extensions_lists_them_in_order(pooler):
    with pooler.wire() as client:
        client.startup("alice", "p0", m.PROTOCOL_3_2, **{"_pq_.a": "1", "_pq_.bc": "x"})
        assert client.expect("v").body == struct.pack("!ii", 0x00030000, 2) + b"_pq_.a\0_pq_.bc\0"
        client.authenticate("alice", "")
        client.welcome()


def test_s006_protocol_3_0_with_one_extension_is_negotiated(pooler):
    with pooler.wire() as client:
        client.startup("alice", "p0", **{"_pq_.x": "1"})
        assert client.expect("v").body == struct.pack("!ii", 0x00030000, 1) + b"_pq_.x\0"
        client.authenticate("alice", "")
        client.welcome()


@pytest.mark.compat
def test_s008_protocol_2_is_refused_in_words(pooler):
    with pooler.wire() as client:
        client.send(struct.pack("!ii", 292, 0x00020000) + bytes(284))
        client.expect_fatal("old V2 protocol not supported")


@pytest.mark.compat
@pytest.mark.parametrize("code", [0x00040000, 0x00010000], ids=["4.0", "1.0"])
def test_s009_unknown_protocol_is_a_bad_packet_header(pooler, code):
    with pooler.wire() as client:
        packet = m.startup({"user": "alice"}, code)
        client.send(packet)
        client.expect_fatal(f"bad packet header: '{packet[:8].hex()}'")


@pytest.mark.compat
def test_s010_special_packet_shorter_than_8_is_a_bad_packet_header(pooler):
    with pooler.wire() as client:
        client.send(bytes.fromhex("0000000700030000"))
        client.expect_fatal("bad packet header: '0000000700030000'")


@pytest.mark.compat
def test_s011_second_byte_after_zero_must_be_zero(pooler):
    with pooler.wire() as client:
        client.send(bytes.fromhex("0001001700030000"))
        client.expect_fatal("bad packet header: '0001001700030000'")


@pytest.mark.quick
@pytest.mark.parametrize("body", [b"user\0alice\0database\0p0\0", b"user\0alice\0\0extra", b"user\0alice\0database\0",
                                  b"user\0alice\0data"], ids=["no-terminator", "surplus", "no-value", "cut-string"])
def test_s012_broken_startup_layout_is_refused(pooler, body):
    with pooler.wire() as client:
        client.send(struct.pack("!ii", 8 + len(body), m.PROTOCOL_3_0) + body)
        client.expect_fatal("invalid startup packet layout: expected terminator as last byte")


@pytest.mark.compat
@pytest.mark.parametrize("user", [None, ""])
def test_s013_startup_without_user_is_refused(pooler, user):
    with pooler.wire() as client:
        client.startup(user, "p0")
        client.expect_fatal("no username supplied")


@pytest.mark.compat
def test_s014_database_defaults_to_the_user_name(start_pooler, postgres):
    pooler = start_pooler({"alice": postgres.database("p1")})
    with pooler.login("alice", None) as client:
        assert client.value("select current_database()") == "p1"


def test_s015_startup_packet_larger_than_the_packet_buffer_is_read_whole(start_pooler):
    pooler = start_pooler(settings={"ignore_startup_parameters": "options, zork", "pkt_buf": 4096})
    with pooler.login(options="-c zork=" + "x" * 20000) as client:
        assert client.value("select 1") == "1"


# Not against PgBouncer, which only gets by when its loop looks late enough: see the next test.
@pytest.mark.quick
def test_s016_startup_byte_by_byte_logs_in(pooler):
    with pooler.wire() as client:
        client.send_slowly(m.startup({"user": "alice", "database": "p0"}), 0.002)
        client.authenticate("alice", "")
        client.welcome()
        client.send_slowly(m.query("select 'slow'"), 0.002)
        assert m.rows(client.receive_until("Z")) == [["slow"]]


@pytest.mark.compat
def test_startup_that_comes_in_two_pieces_logs_in_where_pgbouncer_closes(pooler):
    packet = m.startup({"user": "alice", "database": "p0"})
    with pooler.wire() as client:
        client.send(packet[:-1])
        if pooler.kind.name == "pgbouncer":
            client.expect_fatal("client sent partial pkt in startup phase")
            return
        time.sleep(0.2)
        client.send(packet[-1:])
        client.authenticate("alice", "")
        client.welcome()


@pytest.mark.compat
def test_s017_query_before_startup_closes_without_a_word(pooler):
    with pooler.wire() as client:
        client.send(m.query("select 1"))
        client.expect_closed()


@pytest.mark.compat
def test_s018_password_before_startup_is_refused(pooler):
    with pooler.wire() as client:
        client.send(m.password("x"))
        client.expect_fatal("client password pkt before startup packet")


@pytest.mark.compat
def test_s019_ssl_request_without_tls_is_answered_n_and_startup_goes_on(pooler):
    with pooler.wire() as client:
        assert client.request_tls() == b"N"
        assert client.request_tls() == b"N"
        client.login()
        assert client.value("select 1") == "1"


@pytest.mark.quick
def test_s020_ssl_request_then_tls_then_login_with_alpn(tls_pooler, authority):
    with tls_pooler.wire() as client:
        client.start_tls(ca=authority.ca, alpn=["postgresql"])
        assert client.socket.selected_alpn_protocol() == "postgresql"
        client.login()
        assert client.value("select 1") == "1"


@pytest.mark.compat
def test_s020_ssl_request_without_alpn_works(tls_pooler, authority):
    with tls_pooler.wire() as client:
        client.start_tls(ca=authority.ca)
        assert client.login().value("select 1") == "1"


def test_s021_alpn_for_another_protocol_is_refused(tls_pooler):
    with tls_pooler.wire() as client:
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            client.start_tls(alpn=["h2"])


@pytest.mark.quick
@pytest.mark.parametrize("alpn", [None, ["postgresql"]], ids=["without-alpn", "with-alpn"])
def test_s022_direct_tls_works(tls_pooler, authority, alpn):
    with tls_pooler.wire() as client:
        client.start_tls(direct=True, ca=authority.ca, alpn=alpn)
        assert client.login().value("select 1") == "1"


@pytest.mark.compat
def test_s023_tls_required_refuses_plain_tcp_and_exempts_unix_sockets(start_pooler, tls_settings):
    pooler = start_pooler(settings={**tls_settings, "client_tls_sslmode": "require"})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect_fatal("SSL required")
    with pooler.wire(unix=True) as client:
        assert client.login().value("select 1") == "1"


@pytest.mark.compat
def test_s023_plain_startup_is_refused_before_anything_in_it_is_looked_at(start_pooler, tls_settings):
    pooler = start_pooler(settings={**tls_settings, "client_tls_sslmode": "require"})
    with pooler.wire() as client:
        client.startup("", "p0", zork="1")
        client.expect_fatal("SSL required")


@pytest.mark.compat
@pytest.mark.quick
def test_s024_bytes_behind_an_ssl_request_are_refused(tls_pooler):
    with tls_pooler.wire() as client:
        client.send(m.SSL_REQUEST, m.startup({"user": "alice", "database": "p0"}))
        client.expect_fatal("received unencrypted data after SSL request")


@pytest.mark.compat
def test_s025_gssenc_request_is_answered_n(pooler):
    with pooler.wire() as client:
        client.send(m.GSS_REQUEST)
        assert client.receive_bytes(1) == b"N"
        assert client.login().value("select 1") == "1"


@pytest.mark.compat
def test_s025_bytes_behind_a_gssenc_request_are_refused(pooler):
    with pooler.wire() as client:
        client.send(m.GSS_REQUEST, b"x")
        client.expect_fatal("received unencrypted data after GSSAPI encryption request")


@pytest.mark.compat
def test_s026_ssl_request_inside_tls_is_closed_without_data(tls_pooler):
    with tls_pooler.wire() as client:
        client.start_tls()
        client.send(m.SSL_REQUEST)
        client.expect_closed()


@pytest.mark.compat
def test_s027_ssl_request_on_a_unix_socket_is_answered_n(tls_pooler):
    with tls_pooler.wire(unix=True) as client:
        assert client.request_tls() == b"N"
        assert client.login().value("select 1") == "1"


def test_http_request_is_closed_without_an_answer_that_looks_like_one(start_pooler):
    pooler = start_pooler(settings={"client_login_timeout": 1})
    with pooler.wire() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            client.expect_error("client_login_timeout", severity="FATAL")
        except Closed:
            pass


@pytest.mark.compat
def test_second_startup_packet_is_refused(start_pooler, fake_server):
    server = fake_server(lambda connection: (connection.read_startup(), connection.read()))
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"}, {"auth_type": "plain"})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect("R")
        client.startup("alice", "p0")
        client.expect_fatal("client re-sent startup pkt")


@pytest.mark.compat
def test_tls_below_the_configured_protocols_is_refused(start_pooler, tls_settings):
    pooler = start_pooler(settings={**tls_settings, "client_tls_protocols": "tlsv1.3"})
    with pooler.wire() as client:
        assert client.request_tls() == b"S"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, OSError)):
            context.wrap_socket(client.socket)


@pytest.mark.compat
def test_client_certificate_is_demanded_by_verify_full(start_pooler, tls_settings, authority):
    pooler = start_pooler(settings={**tls_settings, "client_tls_sslmode": "verify-full",
                                    "client_tls_ca_file": authority.ca})
    with pooler.wire() as client:
        client.start_tls(cert=authority.client[0], key=authority.client[1])
        assert client.login().value("select 1") == "1"
    with pooler.wire() as client, pytest.raises((ssl.SSLError, OSError, Closed, ServerError)):
        client.start_tls()
        client.login()


@pytest.mark.quick
def test_failed_tls_handshake_is_logged_with_its_reason_once(tls_pooler):
    with tls_pooler.wire() as client:
        assert client.request_tls() == b"S"
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(Closed):
            client.receive_bytes(1000)
    tls_pooler.wait_log(": (nodb)/(nouser)@127.0.0.1")
    tls_pooler.wait_log("TLS handshake error: handshake failed: error:")
    assert "handshake failed: handshake failed" not in tls_pooler.log()


@pytest.mark.compat
def test_tls_client_that_vanishes_mid_handshake_harms_nobody(tls_pooler):
    for _ in range(5):
        with tls_pooler.wire() as client:
            assert client.request_tls() == b"S"
            client.send(bytes.fromhex("1603010005010000"))
    with tls_pooler.wire() as client:
        assert client.start_tls().login().value("select 1") == "1"
