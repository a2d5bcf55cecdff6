"""Drivers and command line clients in front of PostgreSQL 15 and 18."""

import asyncio
import threading

import asyncpg
import psycopg
import psycopg2
import pytest

from harness import clients
from harness import net


def info(pooler, user="alice", **options):
    words = {"host": "127.0.0.1", "port": pooler.port, "user": user, "dbname": "p0", "sslmode": "disable",
             "gssencmode": "disable", **options}
    return " ".join(f"{k}={v}" for k, v in words.items())


def expect_cancel_ends_a_query(connection):
    timer = threading.Timer(1, connection.cancel)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("select pg_sleep(30)")
    timer.join()


@pytest.fixture
def tls_tx(start_pooler, authority):
    cert, key = authority.server
    return start_pooler(settings={"pool_mode": "transaction", "client_tls_sslmode": "allow",
                                  "client_tls_cert_file": cert, "client_tls_key_file": key})


@pytest.mark.compat
@pytest.mark.quick
def test_psql_session(tx):
    assert clients.psql(info(tx), "select 1", "create temp table x(i int)", "select 'two'") == "1\nCREATE TABLE\ntwo\n"


@pytest.mark.compat
def test_psql_copies_both_ways(tx, table, directory):
    source, target = f"{directory}/in.txt", f"{directory}/out.txt"
    with open(source, "w") as lines:
        lines.writelines(f"line {i}\n" for i in range(20000))
    clients.psql(info(tx), rf"\copy {table} from {source}", rf"\copy {table} to {target}")
    with open(source) as given, open(target) as got:
        assert given.read() == got.read()


@pytest.mark.quick
def test_libpq18_direct_tls(tls_tx, libpq18, authority):
    options = {"sslmode": "verify-full", "sslnegotiation": "direct", "sslrootcert": authority.ca, "host": "localhost"}
    assert clients.psql(info(tls_tx, **options), "select 1", library_path=libpq18) == "1\n"


@pytest.mark.quick
@pytest.mark.parametrize("options", [{"max_protocol_version": "3.2"}, {"max_protocol_version": "latest"},
                                     {"max_protocol_version": "3.0"}, {}])
def test_libpq18_protocol_versions(tx, libpq18, options):
    assert clients.psql(info(tx, **options), "select 1", library_path=libpq18) == "1\n"


def test_libpq18_that_insists_on_3_2_is_told_so(tx, libpq18):
    with pytest.raises(clients.ClientError, match="(?i)protocol"):
        clients.psql(info(tx, min_protocol_version="3.2", max_protocol_version="3.2"), "select 1",
                     library_path=libpq18)


@pytest.mark.compat
@pytest.mark.quick
def test_postgresql_18_as_the_server(start_pooler, postgres18):
    pooler = start_pooler({"p0": postgres18.database("p0")}, {"pool_mode": "transaction"})
    with pooler.login() as client:
        assert client.value("show server_version").startswith("18")
    with pooler.login(application_name="x" * 100) as client:
        assert client.value("show application_name") == "x" * 63


@pytest.mark.compat
def test_postgresql_18_session_mode_and_cancel(start_pooler, postgres18):
    pooler = start_pooler({"p0": postgres18.database("p0")})
    with pooler.connect() as connection:
        expect_cancel_ends_a_query(connection)


@pytest.mark.compat
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_psycopg2(start_pooler, mode, table):
    pooler = start_pooler(settings={"pool_mode": mode})
    connection = psycopg2.connect(info(pooler))
    with connection, connection.cursor() as cursor:
        cursor.execute(f"insert into {table} values (%s), (%s) returning v", ("one", "it's"))
        assert cursor.fetchall() == [("one",), ("it's",)]
    with connection.cursor("named") as cursor:
        cursor.execute(f"select v from {table} order by v")
        assert [row[0] for row in cursor] == ["it's", "one"]
    connection.close()


@pytest.mark.compat
@pytest.mark.quick
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_psycopg3_prepares_and_pipelines(start_pooler, mode, table):
    pooler = start_pooler(settings={"pool_mode": mode, "default_pool_size": 2})
    with pooler.connect(prepare_threshold=1) as connection:
        for i in range(6):
            assert connection.execute("select %s::int", (i,)).fetchone() == (i,)
        with connection.pipeline():
            results = [connection.execute("select %s::int", (i,)) for i in range(200)]
            assert [r.fetchone()[0] for r in results] == list(range(200))
        with connection.cursor().copy(f"copy {table} from stdin") as copy:
            for i in range(500):
                copy.write_row((f"row {i}",))
        with connection.cursor().copy(f"copy {table} to stdout") as copy:
            assert sum(1 for _ in copy.rows()) == 500


@pytest.mark.compat
@pytest.mark.quick
def test_psycopg3_pipeline_with_an_error(tx):
    with tx.connect() as connection:
        with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline():
            connection.execute("select 1")
            connection.execute("select 1/0")
            connection.execute("select 2")
        assert connection.execute("select 3").fetchone() == (3,)


@pytest.mark.quick
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_asyncpg_statements_cursors_and_copies(start_pooler, mode, table):
    pooler = start_pooler(settings={"pool_mode": mode, "default_pool_size": 2})

    async def session(i):
        connection = await asyncpg.connect(host="127.0.0.1", port=pooler.port, user="alice", database="p0", ssl=False)
        for j in range(5):
            assert await connection.fetchval("select $1::int + 1", i * 10 + j) == i * 10 + j + 1
        async with connection.transaction():
            rows = [row[0] async for row in connection.cursor("select generate_series(1, 200)", prefetch=20)]
            assert rows == list(range(1, 201))
        await connection.copy_records_to_table(table, records=[(f"{i}-{j}",) for j in range(50)])
        await connection.close()

    async def all_sessions():
        if mode == "transaction":
            await asyncio.gather(*(session(i) for i in range(6)))
        else:
            for i in range(3):
                await session(i)

    asyncio.run(all_sessions())


@pytest.mark.compat
def test_asyncpg_cancels_by_timeout(tx):
    async def session():
        connection = await asyncpg.connect(host="127.0.0.1", port=tx.port, user="alice", database="p0", ssl=False)
        with pytest.raises(asyncio.TimeoutError):
            await connection.fetch("select pg_sleep(30)", timeout=1)
        assert await connection.fetchval("select 1") == 1
        await connection.close()

    asyncio.run(session())


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_pgjdbc(start_pooler, deps, mode):
    pooler = start_pooler(settings={"pool_mode": mode, "ignore_startup_parameters": "extra_float_digits"})
    url = f"jdbc:postgresql://127.0.0.1:{pooler.port}/p0?sslmode=disable"
    assert clients.pgjdbc(deps, url, "alice", "", "select 1, 'x'", sessions=3, times=8) == "1\tx\n" * 3


@pytest.mark.quick
def test_pgx(tx, deps):
    url = f"postgres://alice@127.0.0.1:{tx.port}/p0?sslmode=disable"
    assert clients.pgx(deps, url, "select 1, 'x'", sessions=3, times=5) == "1\tx\n" * 3


@pytest.mark.compat
def test_lib_pq(start_pooler, deps):
    pooler = start_pooler(settings={"ignore_startup_parameters": "extra_float_digits"})
    url = f"postgres://alice@127.0.0.1:{pooler.port}/p0?sslmode=disable"
    assert clients.lib_pq(deps, url, "select 1, 'x'", sessions=3) == "1\tx\n" * 6


def test_node_pg(tls_tx, deps, authority):
    job = {"host": "127.0.0.1", "servername": "localhost", "port": tls_tx.port, "user": "alice", "password": "x",
           "database": "p0", "ca": authority.ca, "sessions": [["select 1 as a, 'x' as b"]] * 3}
    assert clients.node_pg(deps, job) == [[[1, "x"]]] * 9


@pytest.mark.compat
def test_psycopg3_notices_and_notifications(pooler):
    with pooler.connect() as connection, pooler.connect() as speaker:
        notices = []
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        connection.execute("do $$ begin raise notice 'seen'; end $$")
        assert notices == ["seen"]
        connection.execute("listen news")
        speaker.execute("notify news, 'hello'")
        assert [n.payload for n in connection.notifies(timeout=5, stop_after=1)] == ["hello"]


@pytest.mark.compat
def test_unix_socket_clients(pooler):
    with pooler.connect(host=pooler.directory) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.compat
def test_cancel_by_psycopg3(tx):
    with tx.connect() as connection:
        expect_cancel_ends_a_query(connection)
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.compat
def test_server_on_a_unix_socket(start_pooler, postgres):
    pooler = start_pooler({"p0": f"host={postgres.directory} port={postgres.port} dbname=p0"})
    with pooler.login() as client:
        assert client.value("select inet_client_addr()") is None


@pytest.mark.compat
def test_server_by_name(start_pooler, postgres):
    pooler = start_pooler({"p0": f"host=localhost port={postgres.port} dbname=p0"})
    with pooler.login() as client:
        assert client.value("select 1") == "1"


@pytest.mark.compat
def test_host_list_goes_on_to_the_next(start_pooler, fake_server, postgres):
    server = fake_server()
    line = f"host=127.0.0.9,127.0.0.1 port={server.port}"
    pooler = start_pooler({"p0": line}, {"server_login_retry": 1})
    with pooler.login() as client:
        assert client.value("select 1") == "1"
    assert net.can_connect(server.port)
