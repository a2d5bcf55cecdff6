"""Command line, pidfile, daemon, log and configuration errors (admin-console.md 4 and 6, settings.md 1)."""

import os
import re
import signal
import subprocess
import time

import pytest

from harness import net


def run(kind, *arguments, timeout=10):
    return subprocess.run([kind.path, *arguments], capture_output=True, text=True, timeout=timeout * net.patience)


def failed_start(pooler):
    """Starts a pooler that must refuse; returns what it said."""
    pooler.start(wait=False)
    assert pooler.wait_exit() == 1
    return pooler.stderr()


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("option", ["-V", "--version", "--vers"])
def test_version(kind, option):
    done = run(kind, option)
    assert done.returncode == 0
    assert re.match(r"PgBouncer 1\.\d+\.\d+", done.stdout.splitlines()[0])
    assert any(line.startswith("tls: OpenSSL 3") for line in done.stdout.splitlines())


def test_version_names_the_compatible_release(kind):
    assert run(kind, "-V").stdout.splitlines()[0].startswith("PgBouncer 1.25.2 (uvbouncer ")


@pytest.mark.compat
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(kind, option):
    done = run(kind, option)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"{kind.path} is a connection pooler for PostgreSQL."
    assert f"  {kind.path} [OPTION]... CONFIG_FILE" in lines
    assert "  -V, --version        show version, then exit" in lines


@pytest.mark.compat
@pytest.mark.parametrize("arguments", [[], ["a.ini", "b.ini"]], ids=["none", "two"])
def test_exactly_one_configuration_file_is_needed(kind, arguments):
    done = run(kind, *arguments)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"{kind.path}: no configuration file specified",
                                        f'Try "{kind.path} --help" for more information.']


@pytest.mark.compat
def test_unknown_option(kind):
    done = run(kind, "--zork")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"{kind.path}: unrecognized option '--zork'",
                                        f'Try "{kind.path} --help" for more information.']


@pytest.mark.compat
def test_missing_configuration_file(kind):
    done = run(kind, "/nonexistent/pgbouncer.ini")
    assert done.returncode == 1
    assert 'could not load file "/nonexistent/pgbouncer.ini": No such file or directory' in done.stderr
    assert "FATAL cannot load config file" in done.stderr


@pytest.mark.compat
def test_root_is_refused(kind, directory):
    """Root of a user namespace is root to the program."""
    ini = os.path.join(directory, "p.ini")
    with open(ini, "w") as text:
        text.write("[databases]\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n" % net.free_port())
    command = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine does not let users make user namespaces")
    done = subprocess.run([*command, kind.path, ini], capture_output=True, text=True, timeout=10 * net.patience)
    assert done.returncode == 1 and "PgBouncer should not run as root" in done.stderr


@pytest.mark.compat
def test_unknown_user_to_switch_to(start_pooler):
    pooler = start_pooler(settings={"user": "no-such-user-here"}, start=False)
    assert "could not find user 'no-such-user-here' to switch to" in failed_start(pooler)


BROKEN = [
    ("zork = 1", "unknown parameter: pgbouncer/zork"),
    ("zork = 1", 'invalid value "1" for parameter zork in configuration ({ini}:{line})'),
    ("max_client_conn = many", 'invalid value "many" for parameter max_client_conn in configuration ({ini}:{line})'),
    ("server_lifetime = -5", 'invalid value "-5" for parameter server_lifetime in configuration ({ini}:{line})'),
    ("pool_mode = wild", 'invalid value "wild" for parameter pool_mode in configuration ({ini}:{line})'),
    ("auth_type = magic", 'invalid value "magic" for parameter auth_type in configuration ({ini}:{line})'),
    ("just words", "syntax error in configuration ({ini}:{line}), stopping loading"),
    ('"double" = 1', "syntax error in configuration ({ini}:{line}), stopping loading"),
    ("[strange]\nx = 1", 'invalid section "strange" in configuration ({ini}:{line})'),
    ("%include /nonexistent/x.ini", 'could not load file "/nonexistent/x.ini": No such file or directory'),
    ("[databases]\nx = host='a", "syntax error in connection string"),
    ("[databases]\nx = zork=1", "unrecognized connection parameter: zork"),
    ("[databases]\nx = port=0", "invalid port: 0"),
    ("[databases]\nx = pool_mode=wild", "invalid pool mode: wild"),
    ("[users]\nx = zork=1", "unrecognized user parameter: zork"),
]


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.workers(1)
@pytest.mark.parametrize("lines,expected", BROKEN, ids=[f"{i}-{b[0].split()[0]}" for i, b in enumerate(BROKEN)])
def test_broken_configuration_is_named_with_file_and_line(start_pooler, lines, expected):
    pooler = start_pooler({}, start=False)
    text = f"[databases]\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {pooler.port}\n"
    before = text.count("\n")
    pooler._ini = text + lines + "\nlog_stats = 0\n"
    pooler.write()
    # A section is complained about where it begins, a value on its own line.
    line = before + (2 if lines.startswith("[") and not lines.startswith("[strange]") else 1)
    said = failed_start(pooler)
    assert expected.format(ini=pooler.ini_path, line=line) in said
    assert "FATAL cannot load config file" in said


@pytest.mark.workers(1)
@pytest.mark.parametrize("method", ["hba", "pam", "ldap"])
def test_authentication_that_is_not_built_is_refused_at_start(start_pooler, method):
    pooler = start_pooler(settings={"auth_type": method}, start=False)
    assert f"auth_type={method} is not supported by this version of uvbouncer" in failed_start(pooler)


@pytest.mark.compat
def test_file_without_main_section(start_pooler):
    pooler = start_pooler({}, ini="[databases]\nx = host=127.0.0.1\n", start=False)
    assert "main section missing from config file" in failed_start(pooler)


@pytest.mark.compat
def test_value_before_any_section(start_pooler):
    pooler = start_pooler({}, ini="listen_port = 1\n", start=False)
    assert "value without section: listen_port" in failed_start(pooler)


@pytest.mark.compat
def test_include_nesting_is_limited(start_pooler, directory):
    loop = os.path.join(directory, "loop.ini")
    with open(loop, "w") as text:
        text.write(f"%include {loop}\n")
    pooler = start_pooler({}, ini=f"%include {loop}\n[pgbouncer]\n", start=False)
    assert "include nesting level too deep" in failed_start(pooler)


@pytest.mark.compat
def test_included_files_count(start_pooler, directory, postgres):
    part = os.path.join(directory, "databases.ini")
    with open(part, "w") as text:
        text.write(f"p9 = {postgres.database('p0')}\n")
    pooler = start_pooler({"p0": postgres.database("p0")}, start=False)
    with open(pooler.ini_path) as text:
        pooler._ini = text.read().replace("[databases]\n", f"[databases]\n%include {part}\n")
    pooler.write()
    pooler.start()
    with pooler.login(database="p9") as client:
        assert client.value("select 1") == "1"


TLS_ERRORS = [
    ({"client_tls_sslmode": "require"}, "client_tls_key_file and client_tls_cert_file must be set"),
    ({"client_tls_sslmode": "require", "client_tls_cert_file": "/nonexistent.crt", "client_tls_key_file": "KEY"},
     "TLS setup failed"),
    ({"client_tls_sslmode": "require", "client_tls_cert_file": "CERT", "client_tls_key_file": "GARBAGE"},
     "TLS setup failed"),
    ({"client_tls_sslmode": "require", "client_tls_cert_file": "CERT", "client_tls_key_file": "OTHER"},
     "TLS setup failed"),
    ({"client_tls_sslmode": "require", "client_tls_cert_file": "CERT", "client_tls_key_file": "KEY",
      "client_tls_protocols": "sslv2"}, "TLS setup failed"),
]


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.workers(1)
@pytest.mark.parametrize("case", range(len(TLS_ERRORS)),
                         ids=["no-files", "no-such-file", "garbage-key", "other-key", "protocols"])
def test_broken_tls_files_are_refused_at_start(start_pooler, authority, directory, case):
    settings, expected = TLS_ERRORS[case]
    garbage = os.path.join(directory, "garbage.key")
    with open(garbage, "w") as text:
        text.write("no key at all\n")
    words = {"CERT": authority.server[0], "KEY": authority.server[1], "OTHER": authority.client[1], "GARBAGE": garbage}
    pooler = start_pooler(settings={k: words.get(v, v) for k, v in settings.items()}, start=False)
    assert expected in failed_start(pooler)


@pytest.mark.compat
def test_unreadable_key_is_refused_in_words(start_pooler, authority, directory):
    key = os.path.join(directory, "hidden.key")
    with open(authority.server[1]) as source, open(key, "w") as target:
        target.write(source.read())
    os.chmod(key, 0)
    if os.access(key, os.R_OK):
        pytest.skip("this user may read every file")
    pooler = start_pooler(settings={"client_tls_sslmode": "require", "client_tls_cert_file": authority.server[0],
                                    "client_tls_key_file": key}, start=False)
    said = failed_start(pooler)
    assert "TLS setup failed" in said and key in said


@pytest.mark.compat
def test_pidfile_is_written_and_removed(pooler):
    with open(pooler.pidfile) as pidfile:
        assert pidfile.read() == f"{pooler.process.pid}\n"
    pooler.stop()
    assert not os.path.exists(pooler.pidfile)


def test_pidfile_of_a_live_process_is_respected(start_pooler):
    pooler = start_pooler(start=False)
    with open(pooler.pidfile, "w") as pidfile:
        pidfile.write(f"{os.getpid()}\n")
    said = failed_start(pooler)
    assert f"pidfile '{pooler.pidfile}' exists, another instance running?" in said


@pytest.mark.compat
def test_stale_pidfile_is_replaced(start_pooler):
    gone = subprocess.Popen(["true"])
    gone.wait()
    pooler = start_pooler(start=False)
    with open(pooler.pidfile, "w") as pidfile:
        pidfile.write(f"{gone.pid}\n")
    pooler.start(wait=False)
    pooler.wait_log("process up")
    assert "stale pidfile, removing" in pooler.log()


@pytest.mark.compat
def test_unix_socket_in_use_is_refused(start_pooler):
    first = start_pooler()
    second = start_pooler(settings={"unix_socket_dir": first.directory, "listen_port": first.port}, start=False)
    assert "unix socket is in use, cannot continue" in failed_start(second)
    assert first.show("VERSION")


@pytest.mark.compat
def test_port_in_use_is_refused(start_pooler):
    first = start_pooler()
    second = start_pooler(settings={"listen_port": first.port, "unix_socket_dir": ""}, start=False)
    said = failed_start(second)
    assert f"cannot listen on 127.0.0.1:{first.port}: bind(): Address already in use" in said
    assert first.show("VERSION")


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.workers(2)
def test_daemon_runs_in_the_background(start_pooler):
    pooler = start_pooler(arguments=["-d"], start=False)
    pooler.start(wait=False)
    assert pooler.wait_exit() == 0
    net.wait_for(lambda: os.path.exists(pooler.pidfile) and os.path.getsize(pooler.pidfile), what="the pidfile")
    with open(pooler.pidfile) as pidfile:
        pid = int(pidfile.read())
    try:
        with pooler.login() as client:
            assert client.value("select 1") == "1"
        assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
        assert os.getsid(pid) != os.getsid(0)
    finally:
        os.kill(pid, signal.SIGINT)
    net.wait_for(lambda: not os.path.exists(pooler.pidfile), what="the end")


@pytest.mark.compat
def test_daemon_needs_a_pidfile(start_pooler):
    pooler = start_pooler(settings={"pidfile": None}, arguments=["-d"], start=False)
    assert "daemon needs pidfile configured" in failed_start(pooler)


@pytest.mark.compat
def test_quiet_says_nothing_on_stderr(start_pooler):
    pooler = start_pooler(arguments=["-q"])
    pooler.login().terminate()
    assert pooler.stderr() == "" and "process up" in pooler.log()


@pytest.mark.compat
def test_log_lines_have_the_usual_form(pooler):
    pooler.login().terminate()
    with pytest.raises(Exception):
        pooler.login(database="nowhere")
    pooler.wait_log("no such database: nowhere")
    line = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \[\d+\] (LOG|WARNING|ERROR|FATAL) .+")
    for text in pooler.log().splitlines():
        assert line.fullmatch(text), text
    log = pooler.log()
    assert re.search(r" LOG listening on 127\.0\.0\.1:\d+\n", log)
    assert re.search(r" LOG listening on unix:/\S+/\.s\.PGSQL\.\d+\n", log)
    assert re.search(r" LOG process up: PgBouncer 1\.\d+", log)
    client = r" LOG C-0x[0-9a-f]+: p0/alice@127\.0\.0\.1:\d+ "
    assert re.search(client + r"login attempt: db=p0 user=alice tls=no", log)
    assert re.search(r" LOG S-0x[0-9a-f]+: p0/alice@127\.0\.0\.1:\d+ new connection to server \(from 127\.0\.0\.1:\d+\)",
                     log)
    assert re.search(client + r"closing because: client close request \(age=0s\)", log)
    assert re.search(r" WARNING C-0x[0-9a-f]+: \(nodb\)/alice@127\.0\.0\.1:\d+ pooler error: no such database: nowhere",
                     log)


def test_stats_line(start_pooler):
    pooler = start_pooler(settings={"stats_period": 1})
    pooler.wait_log(" LOG stats: ")
    assert re.search(r" LOG stats: \d+ xacts/s, \d+ queries/s, \d+ client parses/s, \d+ server parses/s, \d+ binds/s, "
                     r"in \d+ B/s, out \d+ B/s, xact \d+ us, query \d+ us, wait \d+ us\n", pooler.log())


@pytest.mark.compat
def test_connection_logging_can_be_switched_off(start_pooler):
    pooler = start_pooler(settings={"log_connections": 0, "log_disconnections": 0, "log_pooler_errors": 0})
    pooler.login().terminate()
    time.sleep(0.3)
    log = pooler.log()
    assert "login attempt" not in log and "closing because" not in log and "new connection" not in log


@pytest.mark.compat
def test_client_that_never_sent_a_byte_is_not_logged(pooler):
    pooler.wire().close()
    time.sleep(0.3)
    assert "closing because" not in pooler.log()
