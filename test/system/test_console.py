"""The console: who may, what it understands, over which protocol (admin-console.md 1, 3.13, 3.14)."""

import asyncio
import re

import asyncpg
import psycopg
import psycopg2
import pytest

from harness import clients
from harness import messages as m
from harness.wire import ServerError


@pytest.fixture
def console(pooler):
    with pooler.console() as opened:
        yield opened


def error(console, command):
    """(severity, code, text) of the error a command ends with; the session goes on."""
    received = console.query(command)
    assert m.kinds(received) == "EZ" and received[1].body == b"I"
    fields = received[0].fields
    assert list(fields) == ["S", "C", "M"]
    return fields["S"], fields["C"], fields["M"]


@pytest.mark.quick
def test_welcome_of_the_console(pooler):
    with pooler.wire(unix=True) as client:
        client.startup("pgbouncer", "pgbouncer", application_name="me")
        client.expect("R")
        received = client.welcome()
        assert [x.parameter for x in received if x.kind == "S"] == [
            ("server_version", "1.25.2/bouncer"), ("client_encoding", "UTF8"), ("server_encoding", "UTF8"),
            ("DateStyle", "ISO"), ("TimeZone", "GMT"), ("standard_conforming_strings", "on"), ("is_superuser", "on"),
            ("application_name", "me")]
        assert m.kinds(received).endswith("KZ")


@pytest.mark.quick
def test_stats_user_may_show_but_not_act(pooler):
    with pooler.login("stats", "pgbouncer") as console:
        assert console.rows("SHOW POOLS")
        for command in ("PAUSE", "RELOAD", "SHUTDOWN", "SHOW FDS", "SET default_pool_size = 3", "KILL p0",
                        "KILL_CLIENT 1", "RECONNECT", "SUSPEND", "WAIT_CLOSE", "DISABLE p0", "RESUME"):
            assert error(console, command) == ("ERROR", "08P01", "admin access needed")


@pytest.mark.compat
def test_admin_user_over_tcp_may_act(pooler):
    with pooler.login("admin", "pgbouncer") as console:
        assert m.tags(console.query("RELOAD")) == ["RELOAD"]


@pytest.mark.compat
def test_auth_type_any_makes_unlisted_users_stats_users(start_pooler, postgres):
    pooler = start_pooler({"p0": postgres.database("p0", user="bob")}, {"auth_type": "any"})
    with pooler.login("stranger", "pgbouncer") as console:
        assert console.rows("SHOW VERSION")
        assert error(console, "PAUSE")[2] == "admin access needed"


@pytest.mark.compat
@pytest.mark.parametrize("user", ["stranger", "admin"])
def test_auth_type_any_forgets_the_name_asked_for(start_pooler, postgres, user):
    pooler = start_pooler({"p0": postgres.database("p0", user="bob")}, {"auth_type": "any"})
    with pooler.login(user, "pgbouncer") as console, pooler.login(user, "p0") as client:
        client.query("select 1")
        assert sorted(row[1:3] for row in console.rows("SHOW CLIENTS")) == [["bob", "p0"], ["pgbouncer", "pgbouncer"]]
    assert re.search(r" pgbouncer/pgbouncer@127.0.0.1:\d+ login attempt: db=pgbouncer user=pgbouncer ", pooler.log())
    assert re.search(r" p0/bob@127.0.0.1:\d+ login attempt: db=p0 user=bob ", pooler.log())


@pytest.mark.compat
def test_logins_to_the_console_are_logged_with_its_name(start_pooler):
    pooler = start_pooler(settings={"auth_type": "md5"}, users={"admin": "secret", "alice": "secret"})
    pooler.login("admin", "pgbouncer", "secret").close()
    with pytest.raises(ServerError):
        pooler.login("alice", "pgbouncer", "secret")
    with pytest.raises(ServerError):
        pooler.login("stranger", "pgbouncer", "secret")
    place = r"@127.0.0.1:\d+ "
    assert re.search(rf" pgbouncer/admin{place}login attempt: db=pgbouncer user=admin ", pooler.log())
    assert re.search(rf" pgbouncer/alice{place}closing because: not allowed ", pooler.log())
    assert re.search(rf" \(nodb\)/stranger{place}login attempt: db=pgbouncer user=stranger ", pooler.log())


@pytest.mark.compat
@pytest.mark.parametrize("command", ["foo", "SHOW foo", "SHOW", "SHOW POOLS; SHOW POOLS", "SHOW VERSION;;",
                                     "SHOW VERSION x", "/* x */ SHOW VERSION", "SELECT 2", "PAUSE 'p0'",
                                     "SHOW HELP me please"])
def test_what_is_no_command(console, command):
    assert error(console, command) == ("ERROR", "08P01", f"invalid command '{command}', use SHOW HELP;")


@pytest.mark.compat
@pytest.mark.parametrize("command", ["show version", "  SHOW \t\n version  ;  ", 'show "version"', "SHOW VERSION;"])
def test_spelling_of_commands_is_free(console, command):
    assert m.kinds(console.query(command)) == "TDCZ"


@pytest.mark.parametrize("command,kinds", [("", "IZ"), (";", "IZ"), ("SELECT 1", "TDCZ"), ("BEGIN", "CZ"),
                                           ("COMMIT", "CZ"), ("ROLLBACK", "CZ")])
def test_what_drivers_send_to_see_whether_somebody_is_there(console, command, kinds):
    """The original answers these with an error; drivers then give the connection up."""
    assert m.kinds(console.query(command)) == kinds


@pytest.mark.compat
def test_database_names_are_exact_and_may_be_quoted(start_pooler, postgres):
    pooler = start_pooler({"Odd-Name.1": postgres.database("p0"), "p0": postgres.database("p0")})
    with pooler.console() as console:
        assert error(console, "PAUSE P0")[2] == "no such database: P0"
        assert m.kinds(console.query('PAUSE "Odd-Name.1"')) == "CZ"
        assert error(console, "PAUSE Odd-Name.1")[2] == "invalid command 'PAUSE Odd-Name.1', use SHOW HELP;"
        assert m.kinds(console.query('RESUME "Odd-Name.1"')) == "CZ"


@pytest.mark.quick
def test_long_unknown_command_is_an_ordinary_error(console):
    text = "select " + "x, " * 2000 + "y"
    severity, code, message = error(console, text)
    assert (severity, code) == ("ERROR", "08P01") and message.startswith("invalid command 'select x, x, ")
    assert console.rows("SHOW VERSION")


def test_psql_meta_commands_leave_the_session_alive(pooler):
    info = f"host={pooler.directory} port={pooler.port} user=pgbouncer dbname=pgbouncer"
    for command in (r"\d", r"\l", r"\df"):
        with pytest.raises(clients.ClientError, match="invalid command"):
            clients.psql(info, command)
    assert clients.psql(info, "show version").startswith("PgBouncer 1.25.2")


@pytest.mark.quick
def test_query_in_pieces_is_understood(console):
    packet = m.query("SHOW VERSION")
    console.send_slowly(packet, 0.002)
    assert m.kinds(console.receive_until("Z")) == "TDCZ"
    console.send(m.query("SHOW VERSION"), m.query("SHOW STATE"), m.query("SHOW LISTS"))
    assert m.kinds(console.receive_until("Z")) == "TDCZ"
    assert m.kinds(console.receive_until("Z")) == "TDDDCZ"
    assert m.kinds(console.receive_until("Z")) == "T" + "D" * 14 + "CZ"


@pytest.mark.compat
def test_large_results_pipelined_stay_in_order(start_pooler):
    pooler = start_pooler(settings={"max_client_conn": 300})
    held = [pooler.login() for _ in range(60)]
    with pooler.console() as console:
        for _ in range(3):
            console.send(m.query("SHOW CLIENTS"), m.query("SHOW CONFIG"), m.query("SHOW VERSION"))
            for word in ("type", "key", "version"):
                received = console.receive_until("Z")
                assert received[0].columns[0][0] == word
    assert len(held) == 60


@pytest.mark.compat
def test_fake_set_is_a_notice(console):
    received = console.query("SET client_encoding = 'latin1'")
    assert m.kinds(received) == "NCZ"
    assert received[0].fields["M"] == "SET ignored" and received[1].tag == "SET"


@pytest.mark.compat
@pytest.mark.quick
def test_set_changes_a_setting_and_echoes_it(console, pooler):
    value = lambda key: {row["key"]: row["value"] for row in pooler.show("CONFIG")}[key]
    for command, tag, key, shown in [
            ("SET default_pool_size = 5", "SET default_pool_size=5", "default_pool_size", "5"),
            ("set server_lifetime to '1.5'", "SET server_lifetime=1.5", "server_lifetime", "1.5"),
            ("SET server_check_query = 'select ''x'''", "SET server_check_query=select 'x'", "server_check_query",
             "select 'x'"),
            ("SET max_client_conn = 0x40;", "SET max_client_conn=0x40", "max_client_conn", "64"),
            ("SET pool_mode = TRANSACTION", "SET pool_mode=TRANSACTION", "pool_mode", "transaction"),
            ("SET listen_backlog = 5", "SET listen_backlog=5", "listen_backlog", "128")]:
        received = console.query(command)
        assert m.kinds(received) == "CZ" and received[0].tag == tag
        assert value(key) == shown


@pytest.mark.compat
@pytest.mark.parametrize("command", ["SET zork = 1", "SET default_pool_size = many", "SET pool_mode = wild",
                                     "SET server_lifetime = '-1'"])
def test_set_that_cannot_work(console, command):
    assert error(console, command) == ("ERROR", "08P01", "SET failed")


@pytest.mark.compat
def test_set_that_is_too_long(console):
    assert error(console, f"SET server_reset_query = '{'x' * 300}'")[2] == "bad arguments"
    assert error(console, f"PAUSE {'x' * 80}")[2] == "bad arguments"


@pytest.mark.quick
def test_console_over_the_extended_protocol(console):
    received = console.extended(m.parse("", "SHOW VERSION"), m.describe("S", ""), m.bind("", ""), m.describe("P", ""),
                                m.execute())
    assert m.kinds(received) == "1tT2TDCZ"
    received = console.extended(m.parse("s", "SHOW STATE"), m.bind("p", "s"), m.execute("p"), m.close("P", "p"),
                                m.close("S", "s"))
    assert m.kinds(received) == "12DDDC33Z"
    received = console.extended(m.parse("", "SHOW nothing"), m.bind("", ""), m.execute())
    assert m.kinds(received) in ("EZ", "12EZ", "1EZ")
    assert m.kinds(console.extended(m.parse("", "SET default_pool_size = 4"), m.bind("", ""), m.execute())) == "12CZ"
    assert m.kinds(console.query("SHOW VERSION")) == "TDCZ"


@pytest.mark.compat
@pytest.mark.quick
def test_console_by_psycopg3(pooler):
    with pooler.connect("admin", "pgbouncer", cursor_factory=psycopg.Cursor) as connection:
        rows = connection.execute("SHOW DATABASES").fetchall()
        assert "p0" in [row[0] for row in rows]
        assert connection.execute("SHOW LISTS").fetchall()[0][0] == "databases"
        connection.execute("PAUSE")
        connection.execute("RESUME")


def test_console_by_asyncpg(pooler):
    async def session():
        connection = await asyncpg.connect(host="127.0.0.1", port=pooler.port, user="admin", database="pgbouncer",
                                           ssl=False, statement_cache_size=0)
        rows = await connection.fetch("SHOW POOLS")
        assert rows[0]["database"] == "pgbouncer"
        await connection.close()

    asyncio.run(session())


def test_console_by_the_pool_of_asyncpg(pooler):
    async def session():
        async with asyncpg.create_pool(host="127.0.0.1", port=pooler.port, user="admin", database="pgbouncer",
                                       ssl=False, min_size=1, max_size=1) as pool:
            for _ in range(2):
                async with pool.acquire() as connection:
                    assert (await connection.fetchval("SHOW VERSION")).startswith("PgBouncer")

    asyncio.run(session())


def test_console_by_psycopg2_with_an_isolation_level(pooler):
    connection = psycopg2.connect(host="127.0.0.1", port=pooler.port, user="admin", dbname="pgbouncer")
    connection.set_session(isolation_level="SERIALIZABLE", readonly=True)
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATE")
        assert len(cursor.fetchall()) == 3
    connection.close()


@pytest.mark.parametrize("mode", ["simple", "extended"])
def test_console_by_pgjdbc(start_pooler, deps, mode):
    pooler = start_pooler(settings={"ignore_startup_parameters": "extra_float_digits"})
    url = f"jdbc:postgresql://127.0.0.1:{pooler.port}/pgbouncer?sslmode=disable&preferQueryMode={mode}"
    output = clients.pgjdbc(deps, url, "admin", "x", "SHOW LISTS", times=1)
    assert output.splitlines()[0].split("\t")[0] == "databases"


def test_console_by_lib_pq_as_the_exporters_do(start_pooler, deps):
    pooler = start_pooler(settings={"ignore_startup_parameters": "extra_float_digits"})
    url = f"postgres://stats@127.0.0.1:{pooler.port}/pgbouncer?sslmode=disable&binary_parameters=no"
    for command in ("SHOW VERSION", "SHOW LISTS", "SHOW stats_totals", "SHOW pools", "SHOW databases"):
        assert clients.lib_pq(deps, url, command)


@pytest.mark.compat
def test_unknown_message_type_ends_the_console_session(pooler):
    with pooler.console() as console:
        console.send(m.message("?", b""))
        console.expect_fatal("unknown pkt")
    pooler.wait_log(" pooler error: unknown pkt\n")
    prefix = r" C-0x[0-9a-f]+: pgbouncer/\S+ "
    lines = [line for line in pooler.log().splitlines() if "unknown pkt" in line]
    for line, pattern in zip(lines, [f" ERROR{prefix}unknown pkt from client: 63/0x3f$",
                                     rf" LOG{prefix}closing because: unknown pkt \(age=\ds\)$",
                                     f" WARNING{prefix}pooler error: unknown pkt$"]):
        assert re.search(pattern, line), line
    assert len(lines) == 3


def test_copy_messages_are_swallowed_by_the_console(console):
    console.send(m.copy_data(b"x"), m.COPY_DONE)
    assert m.kinds(console.query("SHOW VERSION")) == "TDCZ"


@pytest.mark.compat
def test_console_is_not_subject_to_client_idle_timeout(start_pooler):
    pooler = start_pooler(settings={"client_idle_timeout": 1})
    with pooler.console() as console:
        console.expect_silence(2)
        assert console.rows("SHOW VERSION")


@pytest.mark.compat
def test_every_console_error_is_logged_twice(pooler):
    with pooler.console() as console:
        error(console, "foo")
    pooler.wait_log(" ERROR invalid command 'foo', use SHOW HELP;")
    pooler.wait_log("pooler error: invalid command 'foo', use SHOW HELP;")
    assert pooler.log().count("invalid command 'foo'") == 2


@pytest.mark.compat
def test_console_database_cannot_be_configured(start_pooler, postgres):
    pooler = start_pooler({"pgbouncer": postgres.database("p0")}, start=False)
    pooler.start(wait=False)
    assert pooler.wait_exit() == 1
    assert 'database name "pgbouncer" is reserved' in pooler.stderr()


@pytest.mark.compat
def test_admin_lists_are_split_at_commas_and_blanks(start_pooler):
    pooler = start_pooler(settings={"admin_users": "x,alice  bob"})
    for user in ("alice", "bob"):
        with pooler.login(user, "pgbouncer") as console:
            assert m.kinds(console.query("RELOAD")) == "CZ"
    with pytest.raises(ServerError, match="not allowed"):
        pooler.login("carol", "pgbouncer")


@pytest.mark.compat
def test_simple_queries_forbidden_lock_the_console_for_them(start_pooler):
    pooler = start_pooler(settings={"disable_pqexec": 1})
    with pooler.console() as console:
        console.send(m.query("SHOW VERSION"))
        console.expect_fatal("PQexec disallowed")


def test_console_answers_extended_queries_where_simple_ones_are_forbidden(start_pooler):
    pooler = start_pooler(settings={"disable_pqexec": 1})
    with pooler.console() as console:
        assert m.kinds(console.extended(m.parse("", "SHOW VERSION"), m.bind("", ""), m.execute())) == "12DCZ"
