#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "config/option_table.h"
#include "console_kit.h"

namespace uvb {
namespace {

using std::chrono::seconds;

class ShowTest : public ::testing::Test, protected ConsoleKit {
 protected:
  ShowTest() {
    if (const char* zone = std::getenv("TZ")) zone_ = zone;
    setenv("TZ", "UTC", 1);
    tzset();
  }
  ~ShowTest() override {
    if (zone_) {
      setenv("TZ", zone_->c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
  }

 private:
  std::optional<std::string> zone_;
};

// --- columns: names, order and type OIDs of release 1.25.2 -----------------------------------------------------------

constexpr const char* kCommon =
    "type:25 user:25 database:25 replication:25 state:25 addr:25 port:23 local_addr:25 local_port:23 connect_time:25 "
    "request_time:25 wait:23 wait_us:23 close_needed:23 ptr:25 link:25 remote_pid:23 tls:25 application_name:25 "
    "prepared_statements:23 id:23";
constexpr const char* kBuffers =
    " recv_pos:23 pkt_pos:23 pkt_remain:23 send_pos:23 send_remain:23 pkt_avail:23 send_avail:23";

TEST_F(ShowTest, ColumnsOfState) {
  EXPECT_EQ(columns("VERSION"), "version:25");
  EXPECT_EQ(columns("STATE"), "key:25 value:25");
  EXPECT_EQ(columns("CONFIG"), "key:25 value:25 default:25 changeable:25");
  EXPECT_EQ(columns("LISTS"), "list:25 items:23");
  EXPECT_EQ(columns("MEM"), "name:25 size:23 used:23 free:23 memtotal:23");
  EXPECT_EQ(columns("PEERS"), "peer_id:23 host:25 port:23 pool_size:23");
  EXPECT_EQ(columns("PEER_POOLS"),
            "peer_id:23 cl_active_cancel_req:23 cl_waiting_cancel_req:23 sv_active_cancel:23 sv_login:23");
  EXPECT_EQ(columns("DNS_HOSTS"), "hostname:25 ttl:20 addrs:25");
  EXPECT_EQ(columns("DNS_ZONES"), "zonename:25 serial:20 count:23");
}

TEST_F(ShowTest, ColumnsOfPoolsAndTheirOwners) {
  EXPECT_EQ(columns("DATABASES"),
            "name:25 host:25 port:23 database:25 force_user:25 pool_size:23 min_pool_size:23 reserve_pool_size:23 "
            "server_lifetime:23 pool_mode:25 load_balance_hosts:25 max_connections:23 current_connections:23 "
            "max_client_connections:23 current_client_connections:23 paused:23 disabled:23");
  EXPECT_EQ(
      columns("POOLS"),
      "database:25 user:25 cl_active:23 cl_waiting:23 cl_active_cancel_req:23 cl_waiting_cancel_req:23 sv_active:23 "
      "sv_active_cancel:23 sv_being_canceled:23 sv_idle:23 sv_used:23 sv_tested:23 sv_login:23 maxwait:23 "
      "maxwait_us:23 pool_mode:25 load_balance_hosts:25");
  EXPECT_EQ(columns("USERS"),
            "name:25 pool_size:25 reserve_pool_size:25 pool_mode:25 max_user_connections:23 current_connections:23 "
            "max_user_client_connections:23 current_client_connections:23");
}

TEST_F(ShowTest, ColumnsOfSockets) {
  EXPECT_EQ(columns("CLIENTS"), kCommon);
  EXPECT_EQ(columns("SERVERS"), kCommon);
  EXPECT_EQ(columns("SOCKETS"), std::string(kCommon) + kBuffers);
  EXPECT_EQ(columns("ACTIVE_SOCKETS"), std::string(kCommon) + kBuffers);
}

TEST_F(ShowTest, ColumnsOfStats) {
  EXPECT_EQ(columns("STATS"),
            "database:25 total_server_assignment_count:1700 total_xact_count:1700 total_query_count:1700 "
            "total_received:1700 total_sent:1700 total_xact_time:1700 total_query_time:1700 total_wait_time:1700 "
            "total_client_parse_count:1700 total_server_parse_count:1700 total_bind_count:1700 "
            "avg_server_assignment_count:1700 avg_xact_count:1700 avg_query_count:1700 avg_recv:1700 avg_sent:1700 "
            "avg_xact_time:1700 avg_query_time:1700 avg_wait_time:1700 avg_client_parse_count:1700 "
            "avg_server_parse_count:1700 avg_bind_count:1700");
  EXPECT_EQ(columns("STATS_TOTALS"),
            "database:25 server_assignment_count:1700 xact_count:1700 query_count:1700 bytes_received:1700 "
            "bytes_sent:1700 xact_time:1700 query_time:1700 wait_time:1700 client_parse_count:1700 "
            "server_parse_count:1700 bind_count:1700");
  EXPECT_EQ(columns("STATS_AVERAGES"),
            "database:25 server_assignment_count:1700 xact_count:1700 query_count:1700 bytes_received:1700 "
            "bytes_sent:1700 xact_time:1700 query_time:1700 wait_time:1700 avg_client_parse_count:1700 "
            "avg_server_parse_count:1700 avg_bind_count:1700");
  EXPECT_EQ(columns("TOTALS"), "name:25 value:1700");
}

// --- rows ------------------------------------------------------------------------------------------------------------

TEST_F(ShowTest, Version) { EXPECT_EQ(lines("VERSION"), Lines{"PgBouncer 1.25.2 (uvbouncer 0.1.0)"}); }

TEST_F(ShowTest, State) {
  EXPECT_EQ(lines("STATE"), (Lines{"active|yes", "paused|no", "suspended|no"}));
  run("PAUSE");
  EXPECT_EQ(lines("STATE"), (Lines{"active|no", "paused|yes", "suspended|no"}));
}

TEST_F(ShowTest, ConfigHasEveryOptionInOrder) {
  host.settings.settings.max_client_conn = 7;
  const auto all = lines("CONFIG");
  ASSERT_EQ(all.size(), 100U);
  ASSERT_EQ(all.size(), options().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].substr(0, all[i].find('|')), options()[i].name);
  }
  EXPECT_EQ(all[1], "application_name_add_host|0|0|yes");
  EXPECT_EQ(all[2], "auth_dbname|~|~|yes");
  EXPECT_NE(std::find(all.begin(), all.end(), "max_client_conn|7|100|yes"), all.end());
  EXPECT_NE(std::find(all.begin(), all.end(), "unix_socket_mode|511|0777|no"), all.end());
}

TEST_F(ShowTest, DatabasesInheritWhatTheyDoNotSay) {
  host.settings.settings.listen_port = 7000;
  host.entries.clear();
  host.add_database("zebra");
  DatabaseConfig full;
  full.name = "alpha";
  full.dbname = "real";
  full.host = "h1,h2";
  full.port = 5433;
  full.user = "forced";
  full.pool_size = 3;
  full.min_pool_size = 1;
  full.reserve_pool_size = 2;
  full.server_lifetime = seconds(90);
  full.pool_mode = PoolMode::transaction;
  full.load_balance_hosts = LoadBalanceHosts::disable;
  full.max_db_connections = 8;
  full.max_db_client_connections = 9;
  host.entries.push_back({full, true, true});
  auto& pool = host.add_pool("alpha", "forced");
  pool.counts.idle = 2;
  pool.counts.login = 1;
  pool.counts.active_cancel = 1;
  census.database_clients["alpha"] = 4;
  EXPECT_EQ(lines("DATABASES"), (Lines{"alpha|h1,h2|5433|real|forced|3|1|2|90|transaction|disable|8|4|9|4|1|1",
                                       "pgbouncer|~|7000|pgbouncer|pgbouncer|2|0|0|3600|statement|~|0|0|0|0|0|0",
                                       "zebra|~|5432|zebra|~|20|0|0|3600|~|~|0|0|0|0|0|0"}));
}

TEST_F(ShowTest, PoolsCountClientsAndServers) {
  host.entries[0].config.host = "a, b";
  auto& pool = host.add_pool("db1", "u");
  pool.rules.mode = PoolMode::transaction;
  pool.counts = {.waiting = 3,
                 .active = 4,
                 .active_cancel = 5,
                 .being_canceled = 6,
                 .idle = 7,
                 .used = 8,
                 .tested = 9,
                 .login = 1,
                 .oldest_query_start = now - Micros(2'500'001)};
  host.add_pool("db1", "a");
  census.pool_clients = {{{"db1", "u"}, 10, 1, 0}, {{"db1", "u"}, 5, 1, 2}, {{"pgbouncer", "pgbouncer"}, 1, 0, 0}};
  EXPECT_EQ(lines("POOLS"), (Lines{"db1|a|0|0|0|0|0|0|0|0|0|0|0|0|0|session|round-robin",
                                   "db1|u|15|3|2|2|4|5|6|7|8|9|1|2|500001|transaction|round-robin",
                                   "pgbouncer|pgbouncer|1|0|0|0|0|0|0|0|0|0|0|0|0|statement|~"}));
}

TEST_F(ShowTest, PeersInheritTheirPoolSize) {
  host.settings.peers[2] = {2, "h2", 6433, 5};
  host.settings.peers[1] = {1, "h1", 6432, -1};
  EXPECT_EQ(lines("PEERS"), (Lines{"1|h1|6432|20", "2|h2|6433|5"}));
  EXPECT_EQ(lines("PEER_POOLS"), Lines{});
}

TEST_F(ShowTest, ListsHaveFourteenFixedRows) {
  host.known_users = {"u", "v"};
  host.settings.peers[1] = {1, "h1", 6432, -1};
  host.add_pool("db1", "u");
  census.free_clients = 1;
  census.used_clients = 2;
  census.login_clients = 3;
  census.free_servers = 4;
  census.used_servers = 5;
  EXPECT_EQ(lines("LISTS"), (Lines{"databases|3", "users|3", "peers|1", "pools|2", "peer_pools|0", "free_clients|1",
                                   "used_clients|2", "login_clients|3", "free_servers|4", "used_servers|5",
                                   "dns_names|0", "dns_zones|0", "dns_queries|0", "dns_pending|0"}));
}

TEST_F(ShowTest, MemNamesUpstreamsCaches) {
  census.client_bytes = 100;
  census.used_clients = 3;
  census.free_clients = 2;
  Lines names;
  for (const auto& row : rows("MEM")) names.push_back(*row[0]);
  EXPECT_EQ(names, (Lines{"user_cache", "credentials_cache", "db_cache", "peer_cache", "peer_pool_cache", "pool_cache",
                          "outstanding_request_cache", "server_cache", "client_cache", "iobuf_cache", "var_list_cache",
                          "server_prepared_statement_cache"}));
  EXPECT_EQ(lines("MEM")[8], "client_cache|100|3|2|500");
}

TEST_F(ShowTest, UsersShowOverridesNineCharactersWide) {
  host.known_users = {"zoe", "adam"};
  UserConfig config;
  config.name = "adam";
  config.pool_size = 4;
  config.reserve_pool_size = 12;
  config.pool_mode = PoolMode::statement;
  config.max_user_connections = 5;
  config.max_user_client_connections = 6;
  host.settings.users["adam"] = config;
  host.settings.settings.max_user_connections = 50;
  host.add_pool("db1", "adam").counts.active = 2;
  host.add_pool("db2", "adam").counts.idle = 1;
  census.user_clients["adam"] = 7;
  EXPECT_EQ(lines("USERS"),
            (Lines{"adam|        4|       12|statement|5|3|6|7", "pgbouncer|||~|50|0|0|0", "zoe|||~|50|0|0|0"}));
}

// --- sockets ---------------------------------------------------------------------------------------------------------

SocketRow socket(SocketState state, std::uint64_t id, const std::string& database = "db1",
                 const std::string& user = "u") {
  SocketRow row;
  row.state = state;
  row.id = ConnectionId{id};
  row.pool = {database, user};
  row.user = "login";
  row.addr = "127.0.0.1";
  row.local_addr = "127.0.0.1";
  row.connect_time = WallTime(seconds(1'600'000'000));
  return row;
}

/// `state id` of every row.
Lines states(const std::vector<ConsoleRow>& rows) {
  Lines all;
  for (const auto& row : rows) all.push_back(*row[4] + " " + *row[20]);
  return all;
}

TEST_F(ShowTest, AClientInFull) {
  SocketRow row = socket(SocketState::client_active, 5);
  row.port = 40000;
  row.local_port = 6432;
  row.request_time = WallTime(seconds(1'600'000'001));
  row.query_start = now - Micros(1'000'002);
  row.ptr = 0xabc;
  row.link = 0xdef;
  row.remote_pid = 99;
  row.tls = "TLSv1.3/TLS_AES_256_GCM_SHA384";
  row.application_name = "psql";
  row.prepared_statements = 2;
  row.pkt_remain = 17;
  census.sockets = {row};
  const std::string common =
      "C|login|db1|none|active|127.0.0.1|40000|127.0.0.1|6432|2020-09-13 12:26:40 UTC|2020-09-13 12:26:41 "
      "UTC|1|2|0|0xabc|"
      "0xdef|99|TLSv1.3/TLS_AES_256_GCM_SHA384|psql|2|5";
  EXPECT_EQ(lines("CLIENTS"), Lines{common});
  EXPECT_EQ(lines("SERVERS"), Lines{});
  std::string in_sockets = common + "|0|0|17|0|0|0|0";
  in_sockets.replace(in_sockets.find("active"), 6, "cl_active");
  EXPECT_EQ(lines("SOCKETS"), Lines{in_sockets});
  EXPECT_EQ(lines("ACTIVE_SOCKETS"), Lines{in_sockets});
}

TEST_F(ShowTest, WhatIsUnknownHasItsOwnWords) {
  SocketRow row;
  row.state = SocketState::server_login;
  row.replication = ReplicationKind::physical;
  row.close_needed = true;
  row.query_start = now - seconds(9);
  row.connect_time = wall;
  census.sockets = {row};
  EXPECT_EQ(lines("SERVERS"), Lines{"S|(nouser)|(nodb)|physical|new|(bad-af)|0|(bad-af)|0|2023-11-14 22:13:20 "
                                    "UTC|2023-11-14 22:13:20 UTC|0|0|1|||"
                                    "0|||0|0"})
      << "request time is now, servers never wait";
}

TEST_F(ShowTest, ClientsComeByPoolThenByListThenByAge) {
  census.sockets = {socket(SocketState::client_waiting, 1),
                    socket(SocketState::client_active, 9),
                    socket(SocketState::client_active, 3),
                    socket(SocketState::client_login, 2, "", ""),
                    socket(SocketState::client_waiting_cancel_req, 4),
                    socket(SocketState::client_active_cancel_req, 5),
                    socket(SocketState::client_active, 6, "aaa"),
                    socket(SocketState::client_active, 7, "db1", "a"),
                    socket(SocketState::server_active, 8)};
  census.sockets[2].link = 1;
  EXPECT_EQ(states(rows("CLIENTS")), (Lines{"idle 6", "idle 7", "active 3", "idle 9", "waiting 1",
                                            "active_cancel_req 5", "waiting_cancel_req 4"}));
}

TEST_F(ShowTest, ServersComeByListIdleOnesLatestFirst) {
  census.sockets = {socket(SocketState::server_being_canceled, 1), socket(SocketState::server_active_cancel, 2),
                    socket(SocketState::server_login, 3),          socket(SocketState::server_tested, 4),
                    socket(SocketState::server_used, 5),           socket(SocketState::server_idle, 6),
                    socket(SocketState::server_idle, 7),           socket(SocketState::server_active, 8)};
  census.sockets[5].state_since = now - seconds(2);
  census.sockets[6].state_since = now - seconds(1);
  census.sockets[7].link = 1;
  const Lines others = {"used 5", "tested 4", "new 3", "active_cancel 2", "being_canceled 1"};
  Lines expected = {"active 8", "idle 7", "idle 6"};
  expected.insert(expected.end(), others.begin(), others.end());
  EXPECT_EQ(states(rows("SERVERS")), expected);
  host.settings.settings.server_round_robin = true;
  std::swap(expected[1], expected[2]);
  EXPECT_EQ(states(rows("SERVERS")), expected);
}

TEST_F(ShowTest, SocketsLeaveOutCancelsAndEndWithLogins) {
  census.sockets = {socket(SocketState::client_login, 1, "", ""),
                    socket(SocketState::client_active, 2),
                    socket(SocketState::client_waiting, 3),
                    socket(SocketState::client_active_cancel_req, 4),
                    socket(SocketState::server_active_cancel, 5),
                    socket(SocketState::server_being_canceled, 6),
                    socket(SocketState::server_login, 7),
                    socket(SocketState::server_idle, 8),
                    socket(SocketState::client_login, 9, "zzz", "z")};
  EXPECT_EQ(states(rows("SOCKETS")),
            (Lines{"cl_active 2", "cl_waiting 3", "sv_idle 8", "sv_login 7", "cl_login 1", "cl_login 9"}));
}

TEST_F(ShowTest, ActiveSocketsAlwaysHaveTheAskingConsole) {
  census.sockets = {socket(SocketState::client_active, 1),
                    socket(SocketState::client_active, 77, "pgbouncer", "pgbouncer")};
  EXPECT_EQ(states(rows("ACTIVE_SOCKETS")), Lines{"cl_active 77"});
}

// --- stats -----------------------------------------------------------------------------------------------------------

/// Counters whose members are base+1, base+2, ...
Counters counting(std::uint64_t base) {
  Counters counters;
  for (const auto member : kCounterMembers) counters.*member = ++base;
  return counters;
}

TEST_F(ShowTest, StatsAddUpThePoolsOfADatabase) {
  // The history began at second 1 (old stamp 0), so `now` (second 1001) makes averages over 1001 s.
  census.counters = {{"db1", "u", counting(10010)}, {"db2", "u", counting(0)}, {"db1", "v", counting(10010)}};
  const auto all = lines("STATS");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0],
            "db1|20022|20024|20026|20028|20030|20032|20034|20036|20038|20040|20042|"
            "20|20|20|20|20|1|1|1|20|20|20");
  EXPECT_EQ(all[1], "db2|1|2|3|4|5|6|7|8|9|10|11|0|0|0|0|0|3|2|8|0|0|0");
  EXPECT_EQ(all[2], "pgbouncer|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0");
}

TEST_F(ShowTest, StatsTotalsAndAveragesAreTheHalvesOfStats) {
  census.counters = {{"db1", "u", counting(20020)}, {"pgbouncer", "pgbouncer", counting(0)}};
  EXPECT_EQ(lines("STATS_TOTALS"), (Lines{"db1|20021|20022|20023|20024|20025|20026|20027|20028|20029|20030|20031",
                                          "pgbouncer|1|2|3|4|5|6|7|8|9|10|11"}));
  EXPECT_EQ(lines("STATS_AVERAGES")[0], "db1|20|20|20|20|20|1|1|1|20|20|20");
}

TEST_F(ShowTest, TotalsSumAllPoolsTheConsoleIncluded) {
  census.counters = {{"db1", "u", counting(20020)}, {"pgbouncer", "pgbouncer", counting(0)}};
  EXPECT_EQ(lines("TOTALS"), (Lines{"total_server_assignment_count|20022",
                                    "total_xact_count|20024",
                                    "total_query_count|20026",
                                    "total_client_bytes|20028",
                                    "total_server_bytes|20030",
                                    "total_xact_time|20032",
                                    "total_query_time|20034",
                                    "total_wait_time|20036",
                                    "total_ps_client_parse_count|20038",
                                    "total_ps_server_parse_count|20040",
                                    "total_ps_bind_count|20042",
                                    "avg_server_assignment_count|20",
                                    "avg_xact_count|20",
                                    "avg_query_count|20",
                                    "avg_client_bytes|20",
                                    "avg_server_bytes|20",
                                    "avg_xact_time|1",
                                    "avg_query_time|1",
                                    "avg_wait_time|1",
                                    "avg_ps_client_parse_count|20",
                                    "avg_ps_server_parse_count|20",
                                    "avg_ps_bind_count|20"}));
}

TEST(Census, MergesTheWorkersParts) {
  Census all;
  Census part;
  part.sockets.resize(2);
  part.counters.resize(1);
  part.pool_clients.resize(3);
  part.database_clients = {{"db", 2}};
  part.user_clients = {{"u", 3}};
  part.login_clients = part.used_clients = part.free_clients = part.used_servers = part.free_servers = 4;
  part.client_bytes = part.server_bytes = 5;
  all.merge(Census(part));
  all.merge(Census(part));
  EXPECT_EQ(all.sockets.size(), 4U);
  EXPECT_EQ(all.counters.size(), 2U);
  EXPECT_EQ(all.pool_clients.size(), 6U);
  EXPECT_EQ(all.database_clients.at("db"), 4);
  EXPECT_EQ(all.user_clients.at("u"), 6);
  EXPECT_EQ(all.login_clients + all.used_clients + all.free_clients + all.used_servers + all.free_servers, 40);
  EXPECT_EQ(all.client_bytes + all.server_bytes, 10);
}

}  // namespace
}  // namespace uvb
