"""Settings as the running pooler takes them: at the start, by RELOAD, by SET (settings.md 1.6 and 5)."""

import os
import pwd
import shutil
import signal

import pytest

from harness import messages as m
from harness import net
from harness.wire import ServerError


def config(pooler):
    return {row["key"]: row["value"] for row in pooler.show("CONFIG")}


def own_user():
    return pwd.getpwuid(os.geteuid()).pw_name


# --- settings without effect


@pytest.mark.quick
@pytest.mark.workers(1)
def test_settings_without_effect_are_named_at_start(start_pooler):
    inert = {"dns_max_ttl": 5, "dns_nxdomain_ttl": 5, "dns_zone_check_period": 5, "pkt_buf": 8192,
             "resolv_conf": "/etc/resolv.conf", "sbuf_loopcnt": 2, "suspend_timeout": 3, "peer_id": 4,
             "auth_user": "alice"}
    pooler = start_pooler(settings=inert)
    for name in inert:
        assert f" WARNING {name} has no effect yet in this version\n" in pooler.log()


# --- RELOAD


@pytest.mark.quick
def test_reload_names_settings_that_need_a_restart(tx):
    tx.uvbouncer["http_port"] = 8080
    tx.reload(listen_backlog=77, track_extra_parameters="search_path")
    tx.wait_log(" WARNING listen_backlog changes only with a restart, keeping 128\n")
    tx.wait_log(" WARNING track_extra_parameters changes only with a restart, keeping IntervalStyle\n")
    tx.wait_log(" WARNING http_port changes only with a restart, keeping 0\n")


def test_set_of_a_setting_that_needs_a_restart_is_logged(tx):
    with tx.console() as console:
        received = console.query("SET listen_backlog = 77")
        assert m.kinds(received) == "CZ" and received[0].tag == "SET listen_backlog=77"
    tx.wait_log(" WARNING listen_backlog changes only with a restart, keeping 128\n")


@pytest.mark.compat
def test_verbosity_of_the_command_line_survives_reload(start_pooler):
    pooler = start_pooler(arguments=["-v", "-v"])
    pooler.reload(default_pool_size=7)
    assert config(pooler)["default_pool_size"] == "7"
    assert config(pooler)["verbose"] == "2"
    size = len(pooler.log())
    pooler.show("VERSION")
    assert " DEBUG " in pooler.log()[size:]


def test_verbose_of_the_file_beats_the_command_line(start_pooler):
    pooler = start_pooler(settings={"verbose": 0}, arguments=["-v"])
    assert config(pooler)["verbose"] == "0" and " DEBUG " not in pooler.log()


BROKEN = [("max_client_conn = many", 'invalid value "many" for parameter max_client_conn in configuration ({ini}:{line})'),
          ("scram_iterations = 0",
           'invalid value "0" for parameter scram_iterations in configuration ({ini}:{line}): a whole number from 1 to 10000000'),
          ("zork = 1", "unknown parameter: pgbouncer/zork"),
          ("just words", "syntax error in configuration ({ini}:{line}), stopping loading"),
          ("[peers]\n1 = port=1", "host was not provided for peer 1"),
          ("%include /nonexistent/x.ini", 'could not load file "/nonexistent/x.ini": No such file or directory')]


@pytest.mark.workers(1)
@pytest.mark.parametrize("way", ["console", "signal"])
@pytest.mark.parametrize("lines,reason", BROKEN, ids=[line.split()[0] for line, _ in BROKEN])
def test_broken_file_changes_nothing_and_is_explained(tx, way, lines, reason):
    before = config(tx)
    with open(tx.ini_path, "w") as ini:
        ini.write("[databases]\np9 = host=/nowhere\n[pgbouncer]\nmax_client_conn = 77\nauth_type = any\n")
        ini.write("listen_addr = 127.0.0.1\n" + lines + "\n")
    line = 6 + lines.count("\n") + 1
    if way == "signal":
        tx.signal(signal.SIGHUP)
    else:
        with tx.console() as console:
            received = console.query("RELOAD")
            fields = received[0].fields
            assert (fields["S"], fields["C"]) == ("ERROR", "F0000")
            assert fields["M"] == "RELOAD failed, see logs for additional details"
            assert reason.format(ini=tx.ini_path, line=line) in fields["D"]
        tx.wait_log(" ERROR RELOAD Failed, see logs for more details\n")
    tx.wait_log(" ERROR " + reason.format(ini=tx.ini_path, line=line))
    tx.wait_log(" WARNING config file loading failed\n")
    assert config(tx) == before
    assert "p9" not in [row["name"] for row in tx.show("DATABASES")]
    with tx.login() as client:
        assert client.value("select 1") == "1"


def test_missing_file_changes_nothing(tx):
    before = config(tx)
    os.unlink(tx.ini_path)
    with pytest.raises(ServerError):
        tx.admin("RELOAD")
    tx.wait_log(f'could not load file "{tx.ini_path}": No such file or directory')
    assert config(tx) == before


def test_conffile_names_what_the_next_reload_reads(tx):
    other = tx.ini_path + ".next"
    with open(tx.ini_path) as source, open(other, "w") as target:
        target.write(source.read().replace("[pgbouncer]\n", "[pgbouncer]\nmax_client_conn = 55\n"))
    tx.admin(f"SET conffile = '{other}'")
    tx.admin("RELOAD")
    assert (config(tx)["max_client_conn"], config(tx)["conffile"]) == ("55", other)


# --- SET


def test_set_reads_no_file(start_pooler, authority, directory):
    cert, key = (shutil.copy(source, directory) for source in authority.server)
    pooler = start_pooler(settings={"client_tls_sslmode": "allow", "client_tls_cert_file": cert, "client_tls_key_file": key})
    os.unlink(cert)
    pooler.users["dora"] = ""
    pooler.write()
    with pooler.console() as console:
        received = console.query("SET default_pool_size = 5")
        assert m.kinds(received) == "CZ"
    assert config(pooler)["default_pool_size"] == "5"
    with pytest.raises(ServerError):
        pooler.login("dora")
    with pooler.wire() as client:
        assert client.start_tls(ca=authority.ca).login().value("select 1") == "1"


@pytest.mark.compat
def test_log_file_is_begun_at_once(start_pooler):
    pooler = start_pooler(settings={"logfile": ""})
    path = os.path.join(pooler.directory, "other.log")
    pooler.admin(f"SET logfile = '{path}'")
    pooler.show("VERSION")
    with open(path) as log:
        assert " login attempt: db=pgbouncer " in log.read()


def test_log_file_changes_at_once(tx):
    path = os.path.join(tx.directory, "other.log")
    tx.admin(f"SET logfile = '{path}'")
    size = len(tx.log())
    tx.show("VERSION")
    with open(path) as log:
        assert " login attempt: db=pgbouncer " in log.read()
    assert len(tx.log()) == size
    tx.admin("RELOAD")
    tx.show("VERSION")
    assert " login attempt: db=pgbouncer " in tx.log()[size:]


def test_log_goes_on_in_the_old_file_when_the_new_one_cannot_be_opened(tx):
    tx.admin("SET logfile = '/nonexistent/x.log'")
    tx.wait_log(" ERROR Cannot open logfile: '/nonexistent/x.log': No such file or directory\n")
    size = len(tx.log())
    tx.show("VERSION")
    assert " login attempt: db=pgbouncer " in tx.log()[size:]


def test_set_of_another_setting_leaves_a_renamed_log_file_alone(tx):
    """It waits for the RELOAD of whoever rotates the files."""
    name, renamed = tx.log_path, tx.log_path + ".1"
    os.rename(name, renamed)
    tx.admin("SET default_pool_size = 5")
    assert not os.path.exists(name)
    tx.admin("RELOAD")
    assert os.path.exists(name)


@pytest.mark.compat
def test_tcp_defer_accept_changes_at_once(start_pooler):
    pooler = start_pooler(settings={"tcp_defer_accept": 1})
    clients = lambda: {row["list"]: int(row["items"]) for row in pooler.show("LISTS")}["used_clients"]
    with pooler.wire() as silent:
        assert clients() == 1  # the console itself
        pooler.admin("SET tcp_defer_accept = 0")
        with pooler.wire():
            net.wait_for(lambda: clients() >= 2, what="the silent client to be taken")
        assert silent.socket.fileno() >= 0


# --- TLS files


@pytest.mark.workers(1)
@pytest.mark.parametrize("quiet", [False, True], ids=["loud", "quiet"])
def test_broken_tls_is_explained_in_the_log_file(start_pooler, authority, quiet):
    settings = {"client_tls_sslmode": "require", "client_tls_cert_file": authority.server[0],
                "client_tls_key_file": authority.client[1]}
    pooler = start_pooler(settings=settings, arguments=["-q"] if quiet else [], start=False)
    pooler.start(wait=False)
    assert pooler.wait_exit() == 1
    assert (f'ERROR TLS setup failed: private key file "{authority.client[1]}" does not match certificate file '
            f'"{authority.server[0]}" (owner {own_user()}, mode 0600; running as {own_user()})') in pooler.log()
    assert "FATAL TLS setup failed" in pooler.log()


SERVER_FILES = [("server_tls_ca_file", 'failed to load CA: "{bad}": No such file or directory (running as '),
                ("server_tls_cert_file", 'failed to load certificate file "{bad}": No such file or directory (running as '),
                ("server_tls_key_file", 'failed to load private key file "{bad}": No such file or directory (running as ')]


@pytest.mark.quick
@pytest.mark.parametrize("name,reason", SERVER_FILES, ids=[name for name, _ in SERVER_FILES])
def test_wrong_path_towards_servers_is_no_start_error(start_pooler, postgres, authority, directory, name, reason):
    bad = os.path.join(directory, "missing.pem")
    settings = {"server_tls_sslmode": "verify-ca", "server_tls_ca_file": authority.ca,
                "server_tls_cert_file": authority.client[0], "server_tls_key_file": authority.client[1],
                "query_wait_timeout": 3}
    pooler = start_pooler({"p0": postgres.database("p0")}, {**settings, name: bad})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect_fatal("query_wait_timeout")
    pooler.wait_log(" ERROR " + reason.format(bad=bad))
    pooler.wait_log(" WARNING TLS connect error: " + reason.format(bad=bad))
    pooler.reload(**{name: settings[name]})
    with pooler.login() as client:
        assert client.value("select ssl::text from pg_stat_ssl where pid = pg_backend_pid()") == "true"


@pytest.mark.compat
def test_wrong_path_towards_servers_does_not_harm_servers_without_tls(start_pooler, fake_server, directory):
    server = fake_server()
    pooler = start_pooler({"p0": f"host=127.0.0.1 port={server.port}"},
                          {"server_tls_sslmode": "prefer", "server_tls_key_file": directory + "/none.key",
                           "server_tls_cert_file": directory + "/none.crt"})
    with pooler.login() as client:
        assert client.parameters["server_version"] == "15.0"


def test_broken_files_towards_servers_fail_reload_only_when_good_ones_are_in_use(start_pooler, authority, directory):
    ca = shutil.copy(authority.ca, directory)
    pooler = start_pooler(settings={"server_tls_sslmode": "verify-ca", "server_tls_ca_file": ca})
    with open(ca, "w") as text:
        text.write("no certificate\n")
    with pytest.raises(ServerError, match="RELOAD failed"):
        pooler.admin("RELOAD")
    pooler.wait_log("TLS configuration could not be reloaded, keeping old configuration")
    with pooler.login() as client:
        assert client.value("select 1") == "1"


@pytest.mark.compat
@pytest.mark.workers(1)
@pytest.mark.parametrize("name", ["server_tls_protocols", "server_tls_ciphers"])
def test_bad_words_towards_servers_are_a_start_error(start_pooler, name):
    pooler = start_pooler(settings={"server_tls_sslmode": "prefer", name: "zork"}, start=False)
    pooler.start(wait=False)
    assert pooler.wait_exit() == 1
    assert "FATAL TLS setup failed" in pooler.stderr()


# --- settings of sockets and of TLS towards clients


def keepalive_of(pid, port):
    """{timer, seconds to go} of the established TCP sockets at local port `port`, as the kernel tells."""
    found = []
    with open(f"/proc/{pid}/net/tcp") as table:
        for line in table.readlines()[1:]:
            words = line.split()
            timer, when = words[5].split(":")
            if words[3] == "01" and int(words[1].split(":")[1], 16) == port:
                found.append((int(timer, 16), int(when, 16) / 100))
    return found


@pytest.mark.compat
@pytest.mark.parametrize("settings,timer", [({"tcp_keepidle": 100}, 2), ({"tcp_keepalive": 0, "tcp_keepidle": 100}, 0)],
                         ids=["on", "off"])
def test_tcp_keepalive_of_client_connections(start_pooler, settings, timer):
    pooler = start_pooler(settings=settings)
    with pooler.login() as client:
        assert client.value("select 1") == "1"
        net.wait_for(lambda: [kind for kind, _ in keepalive_of(pooler.process.pid, pooler.port)] == [timer],
                     what="the timer of the client's socket")
        for _, seconds in keepalive_of(pooler.process.pid, pooler.port):
            assert seconds <= 100


def client_tls(authority, **settings):
    return {"client_tls_sslmode": "require", "client_tls_cert_file": authority.server[0],
            "client_tls_key_file": authority.server[1],
            **{f"client_tls_{name}": value for name, value in settings.items()}}


@pytest.mark.compat
def test_ciphers_for_clients(start_pooler, authority):
    cipher = "ECDHE-ECDSA-AES128-GCM-SHA256"
    pooler = start_pooler(settings=client_tls(authority, protocols="tlsv1.2", ciphers=cipher))
    with pooler.wire() as client:
        assert client.start_tls().socket.cipher()[0] == cipher
        assert client.login().value("select 1") == "1"


def test_tls13_ciphers_for_clients(start_pooler, authority):
    suite = "TLS_CHACHA20_POLY1305_SHA256"
    pooler = start_pooler(settings={**client_tls(authority), "client_tls13_ciphers": suite})
    with pooler.wire() as client:
        assert client.start_tls().socket.cipher()[0] == suite


@pytest.mark.compat
@pytest.mark.workers(1)
@pytest.mark.parametrize("name,value", [("protocols", "zork"), ("ciphers", "zork"), ("dheparams", "strong"),
                                        ("ecdhcurve", "zork")])
def test_bad_words_towards_clients_are_a_start_error(start_pooler, authority, name, value):
    pooler = start_pooler(settings=client_tls(authority, **{name: value}), start=False)
    pooler.start(wait=False)
    assert pooler.wait_exit() == 1
    assert "FATAL TLS setup failed" in pooler.stderr()


@pytest.mark.compat
def test_sslmode_verify_full_towards_clients_needs_a_ca(start_pooler, authority):
    pooler = start_pooler(settings={**client_tls(authority), "client_tls_sslmode": "verify-full"}, start=False)
    pooler.start(wait=False)
    assert pooler.wait_exit() == 1
    assert "client_tls_sslmode requires client_tls_ca_file" in pooler.stderr()


def test_iterations_of_derived_verifiers(start_pooler):
    pooler = start_pooler(settings={"auth_type": "scram-sha-256", "scram_iterations": 5000}, users={"alice": "secret"})
    with pooler.wire() as client:
        client.startup("alice", "p0")
        client.expect("R")
        client.send(m.message("p", b"SCRAM-SHA-256\0" + (19).to_bytes(4, "big") + b"n,,n=,r=0123456789a"))
        assert client.expect("R").body[4:].endswith(b",i=5000")


@pytest.mark.parametrize("count", ["0", "-1", "2147483647"])
def test_iterations_that_cannot_be_worked_off_are_refused(start_pooler, count):
    pooler = start_pooler(settings={"auth_type": "scram-sha-256"}, users={"alice": "secret"})
    refusal = f'invalid value "{count}" for parameter scram_iterations: a whole number from 1 to 10000000 is expected'
    assert pooler.admin_error(f"SET scram_iterations = '{count}'") == "SET failed"
    pooler.wait_log(f" ERROR {refusal}\n")
    with pooler.login("alice", "p0", "secret") as client:
        assert client.value("select 1") == "1"


# --- the log


@pytest.mark.compat
@pytest.mark.workers(1)
def test_broken_file_is_explained_in_the_log_file_it_names(start_pooler):
    pooler = start_pooler(settings={"max_client_conn": "many"}, arguments=["-q"], start=False)
    # The original only logs to a file that was named before the mistake.
    pooler.settings["max_client_conn"] = pooler.settings.pop("max_client_conn")
    pooler.write()
    pooler.start(wait=False)
    assert pooler.wait_exit() == 1
    assert f'ERROR invalid value "many" for parameter max_client_conn in configuration ({pooler.ini_path}:' in pooler.log()
    assert "FATAL cannot load config file" in pooler.log() and pooler.stderr() == ""


@pytest.mark.compat
@pytest.mark.workers(1)
def test_expected_descriptors_are_reckoned_as_ever(start_pooler):
    pooler = start_pooler({"a": "host=h", "b": "host=h user=zz", "c": "host=h pool_size=3"},
                          {"max_client_conn": 100}, user_settings={"u9": "pool_mode=session"})
    known = len(pooler.users) + 2  # u9 and pgbouncer
    assert f"max expected fd use: {112 + 23 * known + 20}\n" in pooler.log()


@pytest.mark.compat
def test_stats_line_can_be_switched_off(start_pooler):
    pooler = start_pooler(settings={"stats_period": 1, "log_stats": 0})
    pooler.wait_quiet(1.5)
    assert " LOG stats: " not in pooler.log()
    pooler.admin("SET log_stats = 1")
    pooler.wait_log(" LOG stats: ")
