#include "config/database.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

using std::chrono::seconds;

DatabaseConfig parsed(std::string_view text) {
  const auto database = parse_database("app", text);
  EXPECT_TRUE(database.ok()) << text << ": " << (database ? "" : database.error().message);
  return database ? *database : DatabaseConfig{};
}

std::string error_of(std::string_view name, std::string_view text) {
  const auto database = parse_database(name, text);
  return database ? "" : database.error().message;
}

TEST(Database, EmptyLineHasAllDefaults) {
  const DatabaseConfig database = parsed("");
  EXPECT_EQ(database.name, "app");
  EXPECT_EQ(database.dbname, "app");
  EXPECT_EQ(database.host, std::nullopt);
  EXPECT_TRUE(database.hosts().empty());
  EXPECT_EQ(database.port, 5432);
  EXPECT_EQ(database.pool_size, -1);
  EXPECT_EQ(database.query_wait_timeout, std::nullopt);
  EXPECT_EQ(database.password, nullptr);
}

TEST(Database, EveryKeyIsTaken) {
  const DatabaseConfig database = parsed(
      "dbname=real host=a,b port=1 user=u password='p w' auth_user=au auth_query='select 1' auth_dbname=ad pool_size=1"
      " min_pool_size=2 reserve_pool_size=3 max_db_connections=4 max_db_client_connections=5 server_lifetime=6"
      " query_wait_timeout=7 pool_mode=STATEMENT load_balance_hosts=disable connect_query='select 2; select 3'"
      " client_encoding=UTF8 datestyle=ISO timezone=UTC application_name=x");
  EXPECT_EQ(database.dbname, "real");
  EXPECT_EQ(database.hosts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(database.port, 1);
  EXPECT_EQ(database.user, "u");
  ASSERT_NE(database.password, nullptr);
  EXPECT_EQ(database.password->view(), "p w");
  EXPECT_EQ(database.auth_user, "au");
  EXPECT_EQ(database.auth_query, "select 1");
  EXPECT_EQ(database.auth_dbname, "ad");
  EXPECT_EQ(database.pool_size, 1);
  EXPECT_EQ(database.min_pool_size, 2);
  EXPECT_EQ(database.reserve_pool_size, 3);
  EXPECT_EQ(database.max_db_connections, 4);
  EXPECT_EQ(database.max_db_client_connections, 5);
  EXPECT_EQ(database.server_lifetime, seconds(6));
  EXPECT_EQ(database.query_wait_timeout, Micros(seconds(7)));
  EXPECT_EQ(database.pool_mode, PoolMode::statement);
  EXPECT_EQ(database.load_balance_hosts, LoadBalanceHosts::disable);
  EXPECT_EQ(database.connect_query, "select 2; select 3");
  ASSERT_EQ(database.startup_parameters.size(), 4U);
  EXPECT_EQ(database.startup_parameters[3], (std::pair<std::string, std::string>{"application_name", "x"}));
}

TEST(Database, ReservePoolIsAnotherNameForReservePoolSize) { EXPECT_EQ(parsed("reserve_pool=4").reserve_pool_size, 4); }

TEST(Database, LastOfRepeatedKeysWins) {
  const DatabaseConfig database = parsed("port=1 port=2 timezone=a timezone=b");
  EXPECT_EQ(database.port, 2);
  ASSERT_EQ(database.startup_parameters.size(), 1U);
  EXPECT_EQ(database.startup_parameters[0].second, "b");
}

TEST(Database, NumbersAreReadLikeAtoi) {
  EXPECT_EQ(parsed("pool_size=abc").pool_size, 0);
  EXPECT_EQ(parsed("port=-1").port, -1);
  EXPECT_EQ(parsed("port=70000").port, 70000);
  EXPECT_EQ(parsed("query_wait_timeout=0.5").query_wait_timeout, Micros::zero());
}

TEST(Database, MinusOneForQueryWaitTimeoutMeansNotSet) {
  EXPECT_EQ(parsed("query_wait_timeout=-1").query_wait_timeout, std::nullopt);
}

TEST(Database, ErrorsBeginWithPgBouncersSentences) {
  EXPECT_EQ(error_of("app", "port=0"), "invalid port: 0");
  EXPECT_EQ(error_of("app", "port=x"), "invalid port: x");
  EXPECT_EQ(error_of("app", "pool_mode=fast"), "invalid pool mode: fast");
  EXPECT_EQ(error_of("app", "load_balance_hosts=random"), "invalid load_balance_hosts: random");
  EXPECT_EQ(error_of("app", "sslmode=require"), "unrecognized connection parameter: sslmode");
  EXPECT_EQ(error_of("app", "Host=x"), "unrecognized connection parameter: Host");
  EXPECT_TRUE(error_of("app", "host").starts_with("syntax error in connection string"));
  EXPECT_EQ(error_of("pgbouncer", "host=x"), "database name \"pgbouncer\" is reserved");
}

TEST(Database, NameOfSixtyThreeBytesIsTheLongest) {
  EXPECT_EQ(error_of(std::string(63, 'x'), ""), "");
  const std::string name(64, 'x');
  EXPECT_EQ(error_of(name, ""), "too long db name: " + name + "\ncannot create database, no memory?");
}

TEST(Database, NameMayBeEmpty) { EXPECT_EQ(error_of("", "host=x"), ""); }

TEST(Database, EmptyElementsOfAHostListAreDropped) {
  EXPECT_EQ(parsed("host=,a,,b,").hosts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed("host='a, b'").hosts(), (std::vector<std::string>{"a", "b"}));
}

class Recycle : public testing::TestWithParam<const char*> {};
TEST_P(Recycle, ChangeReplacesServers) {
  const DatabaseConfig before = parsed("host=h user=u");
  EXPECT_TRUE(parsed(std::string("host=h user=u ") + GetParam()).needs_recycle(before));
}
INSTANTIATE_TEST_SUITE_P(Keys, Recycle,
                         testing::Values("dbname=x", "host=i", "port=1", "user=v", "auth_query='select 1'",
                                         "auth_dbname=x", "load_balance_hosts=disable", "connect_query='select 1'"));

class NoRecycle : public testing::TestWithParam<const char*> {};
TEST_P(NoRecycle, ChangeLeavesServersAlone) {
  const DatabaseConfig before = parsed("host=h user=u");
  EXPECT_FALSE(parsed(std::string("host=h user=u ") + GetParam()).needs_recycle(before));
}
INSTANTIATE_TEST_SUITE_P(Keys, NoRecycle,
                         testing::Values("password=x", "auth_user=x", "pool_size=1", "min_pool_size=1",
                                         "reserve_pool=1", "max_db_connections=1", "max_db_client_connections=1",
                                         "server_lifetime=1", "query_wait_timeout=1", "pool_mode=statement",
                                         "timezone=UTC", "host=h"));

}  // namespace
}  // namespace uvb
