"""TLS in front of a real QuestDB by the documented recipe: what users do with it, driver by driver."""

import asyncio
import re
import ssl

import asyncpg
import psycopg
import psycopg2
import pytest

from harness import clients
from harness.recipe import start_recipe
from harness.wire import ServerError

SLOW = "select sum(a.x*b.x) from long_sequence(100000000) a cross join long_sequence(100000) b"
TRADES = "select symbol, price from trades order by ts"
EXPECTED = [("BTC-USD", 39269.98), ("ETH-USD", 2615.54), ("BTC-USD", 39270.5)]


def conninfo(pooler, sslmode="require", **options):
    words = {"host": "localhost", "port": pooler.port, "user": "admin", "password": "quest", "dbname": "questdb",
             "sslmode": sslmode, "gssencmode": "disable", **options}
    return " ".join(f"{k}={v}" for k, v in words.items())


def url(pooler, sslmode="require", **options):
    query = "&".join(f"{k}={v}" for k, v in {"sslmode": sslmode, **options}.items())
    return f"postgres://admin:quest@localhost:{pooler.port}/questdb?{query}"


def parsed(text):
    return [(symbol, float(price)) for symbol, price in (line.split("\t") for line in text.splitlines())]


@pytest.mark.compat
def test_recipe_side_by_side_with_the_original(recipe, kind):
    """The original cannot log in to QuestDB with a hash; uvbouncer can."""
    if kind.is_uvbouncer:
        assert clients.psql(conninfo(recipe), "select count() from trades") == "3\n"
    else:
        with pytest.raises(clients.ClientError, match="invalid username/password"):
            clients.psql(conninfo(recipe), "select count() from trades")


@pytest.mark.quick
def test_psql_requires_tls(recipe):
    assert clients.psql(conninfo(recipe), TRADES).splitlines()[0] == "BTC-USD|39269.98"


@pytest.mark.quick
def test_psql_verifies_the_certificate_in_full(recipe, authority):
    ready = conninfo(recipe, "verify-full", sslrootcert=authority.ca)
    assert clients.psql(ready, "select count() from trades") == "3\n"


def test_psql_from_a_wrong_name_is_warned_by_the_certificate(recipe, authority):
    with pytest.raises(clients.ClientError, match="(?i)does not match host name"):
        clients.psql(conninfo(recipe, "verify-full", sslrootcert=authority.ca, host="127.0.0.2"), "select 1")


OPTIONAL_LINES = """\
reserve_pool_size = 5            # Extra connections when the pool is full
reserve_pool_timeout = 3         # Seconds before they are used
client_tls_ciphers = HIGH:!aNULL:!MD5:!3DES
"""


@pytest.mark.quick
def test_recipe_with_the_documents_trailing_comments_and_optional_lines(start_pooler, kind, questdb, authority):
    pooler = start_recipe(start_pooler, kind, questdb, authority, comments=True, extra=OPTIONAL_LINES)
    assert clients.psql(conninfo(pooler), "select count() from trades") == "3\n"
    with open(pooler.ini_path) as ini:
        commented = {line.split()[0]: number for number, line in enumerate(ini, 1) if " #" in line}
    assert len(commented) == 7
    warnings = [line for line in pooler.log().splitlines() if "WARNING" in line]
    for name, number in commented.items():
        assert any(name in line and f"{pooler.ini_path}:{number}" in line for line in warnings), (name, warnings)
    config = {row["key"]: row["value"] for row in pooler.show("CONFIG")}
    expected = {"pool_mode": "session", "max_client_conn": "1000", "default_pool_size": "25", "client_tls_sslmode": "require",
                "client_tls_protocols": "secure", "reserve_pool_size": "5", "reserve_pool_timeout": "3",
                "client_tls_ciphers": "HIGH:!aNULL:!MD5:!3DES"}
    assert {name: config[name] for name in expected} == expected


@pytest.mark.parametrize("version,works", [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                                           (ssl.TLSVersion.TLSv1_3, True)], ids=["1.1", "1.2", "1.3"])
def test_secure_protocols_are_those_the_document_says(recipe, version, works):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with recipe.wire() as client:
        assert client.request_tls() == b"S"
        if works:
            client.socket = context.wrap_socket(client.socket)
            assert client.login("admin", "questdb", "quest").value("select count() from trades") == "3"
        else:
            with pytest.raises((ssl.SSLError, OSError)):
                context.wrap_socket(client.socket)


@pytest.mark.quick
def test_psql_with_pgoptions_has_its_own_time_out(slow_recipe):
    with pytest.raises(clients.ClientError, match="timeout, query aborted"):
        clients.psql(conninfo(slow_recipe), SLOW, PGOPTIONS="-c statement_timeout=500")
    with pytest.raises(clients.ClientError, match="timeout=700"):
        clients.psql(conninfo(slow_recipe), SLOW, PGOPTIONS="-c geqo=off -c statement_timeout=700")
    assert clients.psql(conninfo(slow_recipe), "select 1") == "1\n"


def test_psycopg2(recipe):
    for _ in range(3):
        connection = psycopg2.connect(conninfo(recipe))
        with connection.cursor() as cursor:
            cursor.execute(TRADES)
            assert cursor.fetchall() == EXPECTED
        connection.close()


@pytest.mark.quick
def test_psycopg3_with_its_prepared_statements(recipe):
    for _ in range(2):
        with psycopg.connect(conninfo(recipe), prepare_threshold=1) as connection:
            for _ in range(4):
                assert connection.execute(TRADES).fetchall() == EXPECTED


@pytest.mark.quick
def test_asyncpg(recipe):
    async def session():
        connection = await asyncpg.connect(host="127.0.0.1", port=recipe.port, user="admin", password="quest",
                                           database="questdb", ssl="require")
        for _ in range(2):
            rows = await connection.fetch(TRADES)
            assert [tuple(row) for row in rows] == EXPECTED
        await connection.close()

    for _ in range(2):
        asyncio.run(session())


def test_node_pg(recipe, deps, authority):
    job = {"host": "127.0.0.1", "servername": "localhost", "port": recipe.port, "user": "admin", "password": "quest",
           "database": "questdb", "ca": authority.ca, "sessions": [[TRADES], [TRADES]]}
    results = clients.node_pg(deps, job)
    assert results == [[list(row) for row in EXPECTED]] * 6


@pytest.mark.quick
def test_two_pgjdbc_programs_one_after_the_other(recipe, deps):
    address = f"jdbc:postgresql://localhost:{recipe.port}/questdb?sslmode=require"
    for _ in range(2):
        assert parsed(clients.pgjdbc(deps, address, "admin", "quest", TRADES)) == EXPECTED


def test_lib_pq_as_grafana_uses_it(recipe, deps):
    assert parsed(clients.lib_pq(deps, url(recipe), TRADES, sessions=2)) == EXPECTED * 4


@pytest.mark.quick
def test_two_pgx_programs_one_after_the_other(recipe, deps):
    for _ in range(2):
        assert parsed(clients.pgx(deps, url(recipe), TRADES)) == EXPECTED


def test_many_clients_at_once(recipe):
    connections = [psycopg.connect(conninfo(recipe), autocommit=True) for _ in range(20)]
    for connection in connections:
        assert connection.execute("select count() from trades").fetchone() == (3,)
    for connection in connections:
        connection.close()


def test_client_certificates_with_verify_full(start_pooler, kind, questdb, authority):
    pooler = start_recipe(start_pooler, kind, questdb, authority, client_tls_sslmode="verify-full",
                          extra=f"client_tls_ca_file = {authority.ca}\n")
    cert, key = authority.client
    assert clients.psql(conninfo(pooler, sslcert=cert, sslkey=key), "select count() from trades") == "3\n"
    with pytest.raises(clients.ClientError):
        clients.psql(conninfo(pooler, sslcert="/nonexistent"), "select 1")


@pytest.mark.compat
def test_plain_tcp_is_refused_by_the_recipe(recipe):
    with pytest.raises(clients.ClientError, match="SSL required"):
        clients.psql(conninfo(recipe, "disable"), "select 1")


@pytest.mark.compat
@pytest.mark.quick
def test_wrong_password_is_refused(recipe):
    with pytest.raises(clients.ClientError, match="password authentication failed"):
        clients.psql(conninfo(recipe, password="wrong"), "select 1")


@pytest.mark.quick
def test_client_that_insists_on_scram_refuses_the_clear_text_request(recipe, libpq18):
    with pytest.raises(clients.ClientError, match="(?i)authentication method requirement"):
        clients.psql(conninfo(recipe, require_auth="scram-sha-256"), "select 1",
                     library_path=libpq18)


@pytest.mark.quick
@pytest.mark.parametrize("parameters", [
    {"extra_float_digits": "2"}, {"search_path": "public"}, {"statement_timeout": "5000", "lock_timeout": "10"},
    {"options": "-c geqo=off"}, {"options": "-d 2"}, {"options": "-c"}, {"_pq_.unknown": "1"},
    {"DateStyle": "ISO, MDY", "client_encoding": "UTF8", "TimeZone": "Europe/Vienna"}],
    ids=["extra_float_digits", "search_path", "timeouts", "options", "switch", "unfinished", "protocol", "usual"])
def test_startup_parameters_of_any_driver_are_accepted(recipe, parameters):
    for _ in range(2):
        with recipe.wire() as client:
            client.start_tls().login("admin", "questdb", "quest", **parameters)
            assert client.value("select count() from trades") == "3"
    ignored = not {"DateStyle", "_pq_.unknown"} & set(parameters)
    assert recipe.log().count("accepted though QuestDB ignores it: unsupported ") == ignored


def test_password_is_never_logged(recipe):
    clients.psql(conninfo(recipe), "select 1")
    with pytest.raises(ServerError), recipe.wire() as client:
        client.start_tls().login("admin", "questdb", "wr0ng-secret")
    for text in (recipe.log(), recipe.stderr()):
        assert not re.search(r"\bquest\b", text) and "wr0ng-secret" not in text
        assert "aa7b8f44e313c9a8b51930cfd1cf3210" not in text
