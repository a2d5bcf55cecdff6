"""The console's SHOW commands: columns, types and contents as tools read them (admin-console.md 2)."""

import re

import pytest

from harness import messages as m
from harness import net

TEXT, INT4, INT8, NUMERIC = (25, -1), (23, 4), (20, 8), (1700, -1)


def columns(kinds_by_names):
    """[(name, oid, length)] from "name name ..." lists per type, in order."""
    return [(name, *kind) for kind, names in kinds_by_names for name in names.split()]


SOCKET_COLUMNS = [
    (TEXT, "type user database replication state addr"), (INT4, "port"), (TEXT, "local_addr"), (INT4, "local_port"),
    (TEXT, "connect_time request_time"), (INT4, "wait wait_us close_needed"), (TEXT, "ptr link"), (INT4, "remote_pid"),
    (TEXT, "tls application_name"), (INT4, "prepared_statements id")]
BUFFER_COLUMNS = [(INT4, "recv_pos pkt_pos pkt_remain send_pos send_remain pkt_avail send_avail")]

EXPECTED = {
    "VERSION": [(TEXT, "version")],
    "STATE": [(TEXT, "key value")],
    "DATABASES": [
        (TEXT, "name host"), (INT4, "port"), (TEXT, "database force_user"),
        (INT4, "pool_size min_pool_size reserve_pool_size server_lifetime"), (TEXT, "pool_mode load_balance_hosts"),
        (INT4, "max_connections current_connections max_client_connections current_client_connections paused disabled")],
    "POOLS": [
        (TEXT, "database user"),
        (INT4, "cl_active cl_waiting cl_active_cancel_req cl_waiting_cancel_req sv_active sv_active_cancel "
               "sv_being_canceled sv_idle sv_used sv_tested sv_login maxwait maxwait_us"),
        (TEXT, "pool_mode load_balance_hosts")],
    "PEERS": [(INT4, "peer_id"), (TEXT, "host"), (INT4, "port pool_size")],
    "PEER_POOLS": [(INT4, "peer_id cl_active_cancel_req cl_waiting_cancel_req sv_active_cancel sv_login")],
    "LISTS": [(TEXT, "list"), (INT4, "items")],
    "USERS": [(TEXT, "name pool_size reserve_pool_size pool_mode"),
              (INT4, "max_user_connections current_connections max_user_client_connections current_client_connections")],
    "CLIENTS": SOCKET_COLUMNS, "SERVERS": SOCKET_COLUMNS,
    "SOCKETS": SOCKET_COLUMNS + BUFFER_COLUMNS, "ACTIVE_SOCKETS": SOCKET_COLUMNS + BUFFER_COLUMNS,
    "CONFIG": [(TEXT, "key value default changeable")],
    "MEM": [(TEXT, "name"), (INT4, "size used free memtotal")],
    "DNS_HOSTS": [(TEXT, "hostname"), (INT8, "ttl"), (TEXT, "addrs")],
    "DNS_ZONES": [(TEXT, "zonename"), (INT8, "serial"), (INT4, "count")],
    "STATS": [(TEXT, "database"), (NUMERIC,
              "total_server_assignment_count total_xact_count total_query_count total_received total_sent "
              "total_xact_time total_query_time total_wait_time total_client_parse_count total_server_parse_count "
              "total_bind_count avg_server_assignment_count avg_xact_count avg_query_count avg_recv avg_sent "
              "avg_xact_time avg_query_time avg_wait_time avg_client_parse_count avg_server_parse_count avg_bind_count")],
    "STATS_TOTALS": [(TEXT, "database"), (NUMERIC,
                     "server_assignment_count xact_count query_count bytes_received bytes_sent xact_time query_time "
                     "wait_time client_parse_count server_parse_count bind_count")],
    "STATS_AVERAGES": [(TEXT, "database"), (NUMERIC,
                       "server_assignment_count xact_count query_count bytes_received bytes_sent xact_time query_time "
                       "wait_time avg_client_parse_count avg_server_parse_count avg_bind_count")],
    "TOTALS": [(TEXT, "name"), (NUMERIC, "value")],
    "client_encoding": [(TEXT, "client_encoding")],
    "default_transaction_isolation": [(TEXT, "default_transaction_isolation")],
    "standard_conforming_strings": [(TEXT, "standard_conforming_strings")],
    "datestyle": [(TEXT, "datestyle")],
    "timezone": [(TEXT, "timezone")],
}

pytestmark = pytest.mark.workers(2)


@pytest.fixture
def busy(start_pooler):
    """A transaction pooler with a linked, an idle and a waiting client."""
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    linked, idle, waiting = pooler.login(application_name="app"), pooler.login(), pooler.login()
    idle.query("select 1")
    linked.query("begin")
    waiting.send(m.query("select 1"))
    pooler.wait_pool(cl_waiting=1)
    pooler.clients = linked, idle, waiting
    return pooler


@pytest.mark.quick
@pytest.mark.parametrize("what", EXPECTED)
def test_columns_and_types(busy, what):
    with busy.console() as console:
        received = console.query(f"SHOW {what}")
        assert [(name, oid, length) for name, oid, length, *_ in received[0].columns] == columns(EXPECTED[what])
        assert all(rest == (-1, 0, 0, 0) for _, _, _, *rest in received[0].columns for rest in [tuple(rest)])
        assert received[-2].kind == "C" and received[-2].tag == "SHOW"
        assert received[-1].body == b"I"
        assert m.kinds(received) == "T" + "D" * (len(received) - 3) + "CZ"


def test_version_begins_with_the_originals(busy):
    assert re.match(r"PgBouncer 1\.25\.2( |$)", busy.show("VERSION")[0]["version"])


@pytest.mark.compat
def test_help_is_a_notice(busy):
    with busy.console() as console:
        received = console.query("SHOW HELP")
        assert m.kinds(received) == "NCZ"
        fields = received[0].fields
        assert (fields["S"], fields["C"], fields["M"]) == ("NOTICE", "00000", "Console usage")
        assert fields["D"].startswith("\n\tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION\n")
        assert fields["D"].endswith("\n\tWAIT_CLOSE [<db>]")


@pytest.mark.compat
@pytest.mark.parametrize("name,value", [("client_encoding", "UTF-8"), ("timezone", "GMT"), ("datestyle", "ISO"),
                                        ("default_transaction_isolation", "read committed"),
                                        ("standard_conforming_strings", "on")])
def test_parameters_drivers_ask_for(busy, name, value):
    assert busy.admin(f"SHOW {name}") == [[value]]


def test_lists(busy):
    rows = busy.admin("SHOW LISTS")
    assert [row[0] for row in rows] == ["databases", "users", "peers", "pools", "peer_pools", "free_clients",
                                        "used_clients", "login_clients", "free_servers", "used_servers", "dns_names",
                                        "dns_zones", "dns_queries", "dns_pending"]
    values = {name: int(items) for name, items in rows}
    assert (values["databases"], values["pools"], values["used_servers"]) == (4, 2, 1)
    assert values["used_clients"] == 4 and min(values.values()) >= 0


def test_pools(busy):
    pools = busy.show("POOLS")
    assert [(p["database"], p["user"]) for p in pools] == [("p0", "alice"), ("pgbouncer", "pgbouncer")]
    row = pools[0]
    assert (row["cl_active"], row["cl_waiting"], row["sv_active"], row["sv_idle"]) == ("2", "1", "1", "0")
    assert row["pool_mode"] == "transaction" and pools[1]["pool_mode"] == "statement"
    assert row["load_balance_hosts"] is None


@pytest.mark.compat
def test_maxwait_grows(busy):
    net.wait_for(lambda: int(busy.show("POOLS")[0]["maxwait"]) >= 1, what="maxwait")


def test_databases(busy, postgres):
    rows = {row["name"]: row for row in busy.show("DATABASES")}
    assert list(rows) == ["p0", "p1", "p2", "pgbouncer"]
    p0 = rows["p0"]
    assert (p0["host"], p0["port"], p0["database"]) == ("127.0.0.1", str(postgres.port), "p0")
    assert p0["force_user"] is None and p0["pool_mode"] is None
    assert (p0["pool_size"], p0["current_connections"], p0["current_client_connections"]) == ("1", "1", "3")
    assert (p0["server_lifetime"], p0["paused"], p0["disabled"]) == ("3600", "0", "0")
    own = rows["pgbouncer"]
    assert (own["host"], own["port"], own["force_user"]) == (None, str(busy.port), "pgbouncer")
    assert (own["pool_size"], own["pool_mode"]) == ("2", "statement")


@pytest.mark.quick
def test_clients_and_servers(busy):
    clients = [c for c in busy.show("CLIENTS") if c["database"] == "p0"]
    assert sorted(c["state"] for c in clients) == ["active", "idle", "waiting"]
    servers = busy.show("SERVERS")
    assert [s["state"] for s in servers] == ["active"]
    linked = next(c for c in clients if c["state"] == "active")
    assert linked["link"] == servers[0]["ptr"] and servers[0]["link"] == linked["ptr"]
    assert (linked["type"], linked["user"], linked["replication"]) == ("C", "alice", "none")
    assert linked["application_name"] == "app" and servers[0]["application_name"] == "app"
    assert (linked["addr"], linked["local_addr"]) == ("127.0.0.1", "127.0.0.1")
    assert linked["port"] == str(busy.clients[0].socket.getsockname()[1]) and linked["local_port"] == str(busy.port)
    assert servers[0]["remote_pid"] == busy.clients[0].value("select pg_backend_pid()")
    assert (linked["close_needed"], linked["tls"], linked["prepared_statements"]) == ("0", "", "0")
    assert all(re.fullmatch(r"0x[0-9a-f]+", c["ptr"]) for c in clients)
    assert len({c["id"] for c in clients}) == 3
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", c["connect_time"]) for c in clients)


@pytest.mark.compat
def test_sockets_name_states_with_prefixes(busy):
    states = sorted(s["state"] for s in busy.show("SOCKETS") if s["database"] == "p0")
    assert states == ["cl_active", "cl_active", "cl_waiting", "sv_active"]


@pytest.mark.compat
def test_tls_column_of_a_tls_client(start_pooler, authority):
    cert, key = authority.server
    pooler = start_pooler(settings={"client_tls_sslmode": "allow", "client_tls_cert_file": cert,
                                    "client_tls_key_file": key})
    with pooler.wire() as client:
        client.start_tls().login()
        tls = [c["tls"] for c in pooler.show("CLIENTS") if c["database"] == "p0"][0]
        assert re.match(r"TLSv1\.[23]/[A-Z0-9_-]+", tls)
    assert re.search(r"login attempt: db=p0 user=alice tls=TLSv1\.", pooler.log())


def test_users(start_pooler):
    pooler = start_pooler(user_settings={"bob": "pool_size=4 pool_mode=transaction max_user_connections=7"})
    rows = {row["name"]: row for row in pooler.show("USERS")}
    assert list(rows) == sorted(rows)
    assert rows["bob"]["pool_size"] == "        4" and rows["alice"]["pool_size"] == ""
    assert (rows["bob"]["pool_mode"], rows["bob"]["max_user_connections"]) == ("transaction", "7")
    assert (rows["alice"]["pool_mode"], rows["alice"]["max_user_connections"]) == (None, "0")


CONFIG_KEYS = """admin_users application_name_add_host auth_dbname auth_file auth_hba_file auth_ident_file
auth_ldap_options auth_query auth_type auth_user autodb_idle_timeout cancel_wait_timeout client_idle_timeout
client_login_timeout client_tls13_ciphers client_tls_ca_file client_tls_cert_file client_tls_ciphers
client_tls_dheparams client_tls_ecdhcurve client_tls_key_file client_tls_protocols client_tls_sslmode conffile
default_pool_size disable_pqexec dns_max_ttl dns_nxdomain_ttl dns_zone_check_period idle_transaction_timeout
ignore_startup_parameters job_name listen_addr listen_backlog listen_port log_connections log_disconnections
log_pooler_errors log_stats logfile login_notify_message max_client_conn max_db_client_connections max_db_connections
max_packet_size max_prepared_statements max_user_client_connections max_user_connections min_pool_size peer_id pidfile
pkt_buf pool_mode pool_idle_timeout query_timeout query_wait_notify query_wait_timeout reserve_pool_size
reserve_pool_timeout resolv_conf sbuf_loopcnt scram_iterations server_check_delay server_check_query
server_connect_timeout server_fast_close server_idle_timeout server_lifetime server_login_retry server_reset_query
server_reset_query_always server_round_robin server_tls13_ciphers server_tls_ca_file server_tls_cert_file
server_tls_ciphers server_tls_key_file server_tls_protocols server_tls_sslmode so_reuseport stats_period stats_users
suspend_timeout syslog syslog_facility syslog_ident tcp_defer_accept tcp_keepalive tcp_keepcnt tcp_keepidle
tcp_keepintvl tcp_socket_buffer tcp_user_timeout track_extra_parameters transaction_timeout unix_socket_dir
unix_socket_group unix_socket_mode user verbose""".split()


@pytest.mark.quick
def test_config(busy):
    rows = {row["key"]: row for row in busy.show("CONFIG")}
    assert list(rows)[:len(CONFIG_KEYS)] == CONFIG_KEYS
    assert rows["default_pool_size"] == {"key": "default_pool_size", "value": "1", "default": "20",
                                         "changeable": "yes"}
    assert rows["conffile"]["value"] == busy.ini_path
    assert rows["unix_socket_mode"] == {"key": "unix_socket_mode", "value": "511", "default": "0777",
                                        "changeable": "no"}
    assert rows["auth_dbname"]["value"] is None and rows["auth_dbname"]["default"] is None
    assert rows["server_check_query"]["default"] == "<empty>"
    unchangeable = [key for key in CONFIG_KEYS if rows[key]["changeable"] == "no"]
    assert unchangeable == ["disable_pqexec", "job_name", "listen_addr", "listen_backlog", "listen_port", "pidfile",
                            "pkt_buf", "resolv_conf", "so_reuseport", "track_extra_parameters", "unix_socket_dir",
                            "unix_socket_group", "unix_socket_mode", "user"]


def test_stats_count_queries_transactions_and_bytes(tx):
    with tx.login() as client:
        for _ in range(4):
            client.query("select 1")
        client.query("begin")
        client.query("select 1")
        client.query("commit")
        stats = {row["database"]: row for row in tx.show("STATS_TOTALS")}["p0"]
        assert (stats["query_count"], stats["xact_count"]) == ("7", "5")
        assert int(stats["bytes_received"]) == 5 * 14 + 11 + 12
        assert int(stats["server_assignment_count"]) == 5
        assert int(stats["bytes_sent"]) > 100 and int(stats["query_time"]) > 0


def test_stats_count_prepared_statements(tx):
    with tx.login() as client:
        client.extended(m.parse("a", "select 1"), m.bind("", "a"), m.execute())
        client.extended(m.bind("", "a"), m.execute())
        stats = {row["database"]: row for row in tx.show("STATS_TOTALS")}["p0"]
        found = [int(stats[x]) for x in ("client_parse_count", "server_parse_count", "bind_count")]
        assert found == [1, 1, 2]
        row = [c for c in tx.show("CLIENTS") if c["database"] == "p0"][0]
        assert row["prepared_statements"] == "1"


def test_totals_have_their_own_names(busy):
    names = [row["name"] for row in busy.show("TOTALS")]
    parts = ["server_assignment_count", "xact_count", "query_count", "client_bytes", "server_bytes", "xact_time",
             "query_time", "wait_time", "ps_client_parse_count", "ps_server_parse_count", "ps_bind_count"]
    assert names == ["total_" + part for part in parts] + ["avg_" + part for part in parts]


def test_mem_names(busy):
    assert [row["name"] for row in busy.show("MEM")] == [
        "user_cache", "credentials_cache", "db_cache", "peer_cache", "peer_pool_cache", "pool_cache",
        "outstanding_request_cache", "server_cache", "client_cache", "iobuf_cache", "var_list_cache",
        "server_prepared_statement_cache"]


@pytest.mark.compat
def test_select_is_an_alias_of_show(busy):
    with busy.console() as console:
        received = console.query("SELECT version")
        assert m.kinds(received) == "TDCZ" and received[-2].tag == "SHOW"


def test_show_of_many_clients_is_complete(start_pooler):
    pooler = start_pooler(settings={"max_client_conn": 400})
    clients = [pooler.login() for _ in range(150)]
    rows = [row for row in pooler.show("CLIENTS") if row["database"] == "p0"]
    assert len(rows) == len({row["id"] for row in rows}) == len({row["ptr"] for row in rows}) == len(clients)


@pytest.mark.compat
def test_server_that_waits_for_its_check_is_used(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "server_check_delay": 1})
    with pooler.login() as client:
        assert client.value("select 1") == "1"
        pooler.wait_pool(sv_used=1, sv_idle=0)
        assert [server["state"] for server in pooler.show("SERVERS")] == ["used"]
        assert "sv_used" in [socket["state"] for socket in pooler.show("SOCKETS")]
        assert client.value("select 2") == "2"
        assert [server["state"] for server in pooler.show("SERVERS")] == ["idle"]


@pytest.mark.compat
@pytest.mark.parametrize("round_robin", [0, 1])
def test_idle_servers_are_listed_as_they_will_be_used(start_pooler, round_robin):
    pooler = start_pooler(settings={"pool_mode": "transaction", "server_round_robin": round_robin})
    with pooler.login() as one, pooler.login() as two:
        for client in (one, two):
            client.query("begin")
        released = []
        for client in (two, one):
            released.append(client.value("select pg_backend_pid()"))
            client.query("commit")
        listed = [server["remote_pid"] for server in pooler.show("SERVERS") if server["state"] == "idle"]
        assert listed == (released if round_robin else released[::-1])


@pytest.mark.compat
def test_console_session_counts_as_one_query(start_pooler):
    pooler = start_pooler()
    with pooler.console() as console:
        for _ in range(3):
            console.query("SHOW VERSION")
        row = {row["database"]: row for row in pooler.show("STATS_TOTALS")}["pgbouncer"]
        # This session and the one that asked.
        assert (row["query_count"], row["xact_count"]) == ("2", "2")
        assert (row["query_time"], row["xact_time"], row["bytes_received"]) == ("0", "0", "0")


@pytest.mark.compat
def test_console_session_waits_from_its_first_command_on(start_pooler):
    pooler = start_pooler()
    with pooler.console() as console:
        console.query("SHOW VERSION")
        pooler.wait_quiet(1.1)
        assert [int(client["wait"]) >= 1 for client in pooler.show("CLIENTS")] == [True, False]


@pytest.mark.compat
def test_queued_client_with_its_query_is_an_active_socket(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    with pooler.login() as busy, pooler.login() as queued:
        busy.query("begin")
        queued.send(m.query("select 2"))
        pooler.wait_pool(cl_waiting=1)
        assert "cl_waiting" in [socket["state"] for socket in pooler.show("ACTIVE_SOCKETS")]
