#include "config/snapshot.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

using std::chrono::seconds;

/// A configuration with one database "app" and one user "bob".
class Snapshot : public testing::Test {
 protected:
  void database(std::string_view text) { config_.databases.insert_or_assign("app", *parse_database("app", text)); }
  void user(std::string_view text) { config_.users.insert_or_assign("bob", *parse_user("bob", text)); }
  const DatabaseConfig& app() { return config_.databases.try_emplace("app").first->second; }
  EffectivePool pool() { return effective_pool(config_, app(), "bob"); }
  EffectiveTimeouts timeouts(std::string_view pool_user, std::string_view login_user) {
    return effective_timeouts(config_, app(), pool_user, login_user);
  }

  Config config_;
};

TEST_F(Snapshot, PoolModeGoesUserDatabaseGlobal) {
  config_.settings.pool_mode = PoolMode::transaction;
  EXPECT_EQ(pool().mode, PoolMode::transaction);
  database("pool_mode=statement");
  EXPECT_EQ(pool().mode, PoolMode::statement);
  user("pool_mode=session");
  EXPECT_EQ(pool().mode, PoolMode::session);
  EXPECT_EQ(effective_pool(config_, app(), "ann").mode, PoolMode::statement);
}

TEST_F(Snapshot, PoolSizesGoUserDatabaseGlobalAndZeroIsAValue) {
  EXPECT_EQ(pool().pool_size, 20);
  database("pool_size=0 reserve_pool_size=3 min_pool_size=2");
  EXPECT_EQ(pool().pool_size, 0);
  EXPECT_EQ(pool().reserve_pool_size, 3);
  EXPECT_EQ(pool().min_pool_size, 2);
  user("pool_size=7 reserve_pool_size=0");
  EXPECT_EQ(pool().pool_size, 7);
  EXPECT_EQ(pool().reserve_pool_size, 0);
  database("pool_size=-5");
  user("");
  EXPECT_EQ(pool().pool_size, 20);
}

TEST_F(Snapshot, CapsOfZeroInherit) {
  config_.settings.max_db_connections = 5;
  config_.settings.max_user_connections = 6;
  config_.settings.max_db_client_connections = 7;
  config_.settings.max_user_client_connections = 8;
  database("max_db_connections=0");
  user("max_user_connections=0");
  EXPECT_EQ(pool().max_db_connections, 5);
  EXPECT_EQ(pool().max_user_connections, 6);
  EXPECT_EQ(max_db_client_connections(config_, app()), 7);
  EXPECT_EQ(max_user_client_connections(config_, "bob"), 8);
  database("max_db_connections=1 max_db_client_connections=2");
  user("max_user_connections=3 max_user_client_connections=4");
  EXPECT_EQ(pool().max_db_connections, 1);
  EXPECT_EQ(max_db_client_connections(config_, app()), 2);
  EXPECT_EQ(pool().max_user_connections, 3);
  EXPECT_EQ(max_user_client_connections(config_, "bob"), 4);
}

TEST_F(Snapshot, ServerLifetimeOfADatabaseWinsUnlessZero) {
  database("server_lifetime=0");
  EXPECT_EQ(pool().server_lifetime, seconds(3600));
  database("server_lifetime=5");
  EXPECT_EQ(pool().server_lifetime, seconds(5));
}

TEST_F(Snapshot, QueryWaitTimeoutGoesUserDatabaseGlobalAndZeroDisables) {
  EXPECT_EQ(timeouts("bob", "bob").query_wait_timeout, seconds(120));
  database("query_wait_timeout=0");
  EXPECT_EQ(timeouts("bob", "bob").query_wait_timeout, seconds(0));
  user("query_wait_timeout=9");
  EXPECT_EQ(timeouts("bob", "bob").query_wait_timeout, seconds(9));
  database("query_wait_timeout=-1");
  EXPECT_EQ(timeouts("ann", "ann").query_wait_timeout, seconds(120));
}

TEST_F(Snapshot, QueryTimeoutsFollowThePoolUserAndWaitsTheLoginUser) {
  user("query_timeout=1 transaction_timeout=2 idle_transaction_timeout=3 client_idle_timeout=4 query_wait_timeout=5");
  const EffectiveTimeouts as_pool = timeouts("bob", "ann");
  EXPECT_EQ(as_pool.query_timeout, seconds(1));
  EXPECT_EQ(as_pool.transaction_timeout, seconds(2));
  EXPECT_EQ(as_pool.idle_transaction_timeout, seconds(3));
  EXPECT_EQ(as_pool.client_idle_timeout, seconds(0));
  EXPECT_EQ(as_pool.query_wait_timeout, seconds(120));
  const EffectiveTimeouts as_login = timeouts("app", "bob");
  EXPECT_EQ(as_login.query_timeout, seconds(0));
  EXPECT_EQ(as_login.client_idle_timeout, seconds(4));
  EXPECT_EQ(as_login.query_wait_timeout, seconds(5));
}

// behaviour.md 11.1, D3.
TEST_F(Snapshot, ClientIdleTimeoutOfOneUserLeavesOthersAlone) {
  user("client_idle_timeout=1");
  EXPECT_EQ(timeouts("ann", "ann").client_idle_timeout, Micros::zero());
}

TEST_F(Snapshot, CheckAndForcedUserAreFlags) {
  EXPECT_TRUE(pool().check_query);
  EXPECT_FALSE(pool().forced_user);
  config_.settings.server_check_query.clear();
  config_.settings.server_round_robin = true;
  config_.settings.server_fast_close = true;
  database("user=bob");
  EXPECT_FALSE(pool().check_query);
  EXPECT_TRUE(pool().round_robin);
  EXPECT_TRUE(pool().fast_close);
  EXPECT_TRUE(pool().forced_user);
  database("user=somebody_else");
  EXPECT_FALSE(pool().forced_user) << "a pool of the time before RELOAD";
}

TEST_F(Snapshot, AuthSettingsGoDatabaseGlobal) {
  config_.settings.auth_user = "global";
  database("auth_dbname=here");
  EXPECT_EQ(auth_user(config_, app()), "global");
  EXPECT_EQ(auth_dbname(config_, app()), "here");
  EXPECT_EQ(auth_query(config_, app()), Settings{}.auth_query);
  database("auth_user=own auth_query='select 1'");
  EXPECT_EQ(auth_user(config_, app()), "own");
  EXPECT_EQ(auth_query(config_, app()), "select 1");
  EXPECT_EQ(auth_dbname(config_, app()), std::nullopt);
}

TEST_F(Snapshot, UnlistedDatabaseIsMadeFromTheStarLine) {
  EXPECT_EQ(find_database(config_, "x").error().message, "no such database: x");
  config_.autodb = "host=h";
  const auto made = find_database(config_, "x");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name, "x");
  EXPECT_EQ(made->dbname, "x");
  EXPECT_EQ(made->host, "h");
  database("host=other");
  EXPECT_EQ(find_database(config_, "app")->host, "other");
}

TEST_F(Snapshot, StarLineWithAMistakeMakesNothing) {
  config_.autodb = "hots=h";
  EXPECT_TRUE(find_database(config_, "x").error().message.starts_with("no such database: x"));
}

}  // namespace
}  // namespace uvb
