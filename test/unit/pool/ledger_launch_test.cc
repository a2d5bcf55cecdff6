#include "ledger_fixture.h"

namespace uvb {
namespace {

using Kind = Action::Kind;
using std::chrono::seconds;

class OpeningServers : public LedgerTest {};

TEST_F(OpeningServers, S086_HappensOneAfterTheOther) {
  const PoolId pool = open();
  take(pool, 1);
  const ConnectionId first = only(Kind::launch).server;
  for (const std::uint64_t client : {2U, 3U}) {
    take(pool, client);
    EXPECT_EQ(count(Kind::launch), 0);
  }
  logged_in(pool, first);
  const ConnectionId second = only(Kind::launch).server;
  EXPECT_EQ(counts(pool).login, 1);
  logged_in(pool, second);
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(OpeningServers, HappensOnTheWorkerOfTheLongestWaiter) {
  const PoolId pool = open();
  take(pool, 1, kA);
  const ConnectionId first = only(Kind::launch).server;
  take(pool, 2, kC);
  take(pool, 3, kB);
  logged_in(pool, first);
  EXPECT_EQ(only(Kind::launch).worker, kC);
}

TEST_F(OpeningServers, S085_PoolSizeZeroIsNoLimit) {
  rules.pool_size = 0;
  const PoolId pool = open();
  for (std::uint64_t client = 1; client <= 50; ++client) connect(pool, client);
  EXPECT_EQ(counts(pool).active, 50);
}

TEST_F(OpeningServers, StopsAtPoolSizeUntilTheClosedOneIsGone) {
  rules.pool_size = 1;
  rules.server_lifetime = {};
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  take(pool, 2);
  EXPECT_EQ(count(Kind::launch), 0);
  give(pool, server);
  EXPECT_EQ(count(Kind::launch), 0);
  removed(pool, server);
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(OpeningServers, RaisedPoolSizeIsUsedAtOnce) {
  rules.pool_size = 1;
  const PoolId pool = open();
  connect(pool, 1);
  take(pool, 2);
  rules.pool_size = 2;
  change_rules(pool);
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(OpeningServers, S078_ReservePoolHelpsAfterItsTimeout) {
  rules.pool_size = 1;
  rules.reserve_pool_size = 1;
  rules.reserve_pool_timeout = seconds(2);
  const PoolId pool = open();
  connect(pool, 1);
  take(pool, 2);
  pass(seconds(1));
  tick();
  EXPECT_EQ(count(Kind::launch), 0);
  pass(seconds(1));
  tick();
  const Action launch = only(Kind::launch);
  EXPECT_EQ(launch.client, id(2));
  EXPECT_EQ(launch.reason, "reserve");
  logged_in(pool, launch.server);
  take(pool, 3);
  pass(seconds(9));
  tick();
  EXPECT_EQ(count(Kind::launch), 0);
}

TEST_F(OpeningServers, OrdinaryLaunchesNameNoReserve) {
  const PoolId pool = open();
  take(pool, 1);
  EXPECT_EQ(only(Kind::launch).client, ConnectionId::none);
  EXPECT_EQ(only(Kind::launch).reason, "");
}

TEST_F(OpeningServers, ReserveTimeoutZeroTurnsTheReserveOff) {
  rules.pool_size = 1;
  rules.reserve_pool_size = 1;
  rules.reserve_pool_timeout = {};
  const PoolId pool = open();
  connect(pool, 1);
  take(pool, 2);
  pass(seconds(100));
  tick();
  EXPECT_EQ(count(Kind::launch), 0);
}

TEST_F(OpeningServers, S079_FullDatabaseEvictsTheLongestIdleServerOfAnyUser) {
  rules.max_db_connections = 2;
  const PoolId alice = open("db", "alice");
  const PoolId bob = open("db", "bob");
  const auto servers = warm(alice, 2);
  EXPECT_EQ(take(bob, 1).status, TakeStatus::queued);
  EXPECT_EQ(only(Kind::close).server, servers[0]);
  EXPECT_STREQ(only(Kind::close).close_reason, "evicted");
  tick();
  EXPECT_TRUE(actions.empty());
  removed(alice, servers[0]);
  EXPECT_EQ(only(Kind::launch).pool, bob);
}

TEST_F(OpeningServers, S080_FullDatabaseWithAllActiveMakesOthersWait) {
  rules.max_db_connections = 2;
  const PoolId alice = open("db", "alice");
  const PoolId bob = open("db", "bob");
  const ConnectionId first = connect(alice, 1);
  connect(alice, 2);
  take(bob, 3);
  EXPECT_TRUE(actions.empty());
  give(alice, first);
  EXPECT_EQ(only(Kind::close).server, first);
  removed(alice, first);
  EXPECT_EQ(only(Kind::launch).pool, bob);
}

TEST_F(OpeningServers, FreedPlaceGoesToThePoolWhoseClientWaitedLongest) {
  rules.max_db_connections = 1;
  const PoolId alice = open("db", "alice");
  const PoolId bob = open("db", "bob");
  const PoolId carol = open("db", "carol");
  const ConnectionId server = connect(alice, 1);
  take(carol, 2);
  pass(Micros(10));
  take(bob, 3);
  pass(Micros(10));
  take(alice, 4);
  removed(alice, server);
  EXPECT_EQ(only(Kind::launch).pool, carol);
}

TEST_F(OpeningServers, EndOfACancelConnectionFreesItsPlace) {
  rules.max_db_connections = 2;
  const PoolId alice = open("db", "alice");
  const PoolId bob = open("db", "bob");
  connect(alice, 1);
  EXPECT_TRUE(ledger.begin_cancel(alice));
  take(bob, 2);
  EXPECT_EQ(count(Kind::launch), 0);
  ledger.end_cancel(alice, now, fresh());
  EXPECT_EQ(only(Kind::launch).pool, bob);
}

TEST_F(OpeningServers, RaisedDatabaseLimitServesOtherPoolsAtOnce) {
  rules.max_db_connections = 1;
  const PoolId alice = open("db", "alice");
  const PoolId bob = open("db", "bob");
  connect(alice, 1);
  take(bob, 2);
  rules.max_db_connections = 2;
  ledger.set_rules(bob, rules, now, fresh());
  EXPECT_EQ(only(Kind::launch).pool, bob);
}

TEST_F(OpeningServers, S081_FullUserWaitsOverDatabases) {
  rules.max_user_connections = 1;
  const PoolId one = open("one", "app");
  const PoolId two = open("two", "app");
  const ConnectionId server = connect(one, 1);
  take(two, 2);
  EXPECT_TRUE(actions.empty());
  give(one, server);
  EXPECT_STREQ(only(Kind::close).close_reason, "evicted");
  removed(one, server);
  EXPECT_EQ(only(Kind::launch).pool, two);
}

TEST_F(OpeningServers, UsedServersAreEvictedOnlyFromPoolsWithoutWaiters) {
  rules.max_db_connections = 1;
  rules.check_query = true;
  rules.server_check_delay = {};
  const PoolId alice = open("db", "alice");
  const PoolId bob = open("db", "bob");
  const ConnectionId server = connect(alice, 1);
  give(alice, server);
  EXPECT_EQ(counts(alice).used, 1);
  take(alice, 2);
  EXPECT_EQ(only(Kind::check).server, server);
  take(bob, 3);
  EXPECT_EQ(count(Kind::close), 0);
  ledger.cancel_wait(kA, id(2));
  tick();
  EXPECT_EQ(only(Kind::close).server, server);
}

TEST_F(OpeningServers, S081_MinPoolSizeNeverEvicts) {
  rules.max_db_connections = 1;
  const PoolId alice = open("db", "alice");
  warm(alice, 1);
  rules.min_pool_size = 1;
  const PoolId bob = open("db", "bob");
  ledger.client_joined(bob);
  tick();
  EXPECT_TRUE(actions.empty());
}

TEST_F(OpeningServers, S082_MinPoolSizeOfAForcedUserNeedsNoClient) {
  rules.min_pool_size = 1;
  rules.forced_user = true;
  const PoolId pool = open();
  tick();
  logged_in(pool, only(Kind::launch).server);
  EXPECT_EQ(counts(pool).idle, 1);
  tick();
  EXPECT_EQ(count(Kind::launch), 0);
}

TEST_F(OpeningServers, S083_MinPoolSizeOtherwiseNeedsAClient) {
  rules.min_pool_size = 2;
  const PoolId pool = open();
  tick();
  EXPECT_EQ(count(Kind::launch), 0);
  ledger.client_joined(pool);
  for (int i = 0; i < 2; ++i) {
    tick();
    logged_in(pool, only(Kind::launch).server);
  }
  tick();
  EXPECT_EQ(count(Kind::launch), 0);
  ledger.client_left(pool);
  removed(pool, take(pool, 1).server);
  tick();
  EXPECT_EQ(count(Kind::launch), 0);
}

TEST_F(OpeningServers, MinPoolSizeFillsTheWorkersEvenly) {
  rules.min_pool_size = 3;
  rules.forced_user = true;
  const PoolId pool = open();
  std::vector<WorkerId> workers;
  for (int i = 0; i < 3; ++i) {
    tick();
    const Action launch = only(Kind::launch);
    workers.push_back(launch.worker);
    logged_in(pool, launch.server);
  }
  EXPECT_EQ(workers, (std::vector<WorkerId>{kA, kB, kC}));
}

TEST_F(OpeningServers, MinPoolSizeIsIgnoredInAnUnlimitedPool) {
  rules.min_pool_size = 1;
  rules.pool_size = 0;
  rules.forced_user = true;
  open();
  tick();
  EXPECT_TRUE(actions.empty());
}

TEST_F(OpeningServers, CancelConnectionsMayFillThePoolTwice) {
  rules.pool_size = 1;
  const PoolId pool = open();
  connect(pool, 1);
  EXPECT_TRUE(ledger.begin_cancel(pool));
  EXPECT_FALSE(ledger.begin_cancel(pool));
  EXPECT_EQ(counts(pool).active_cancel, 1);
  ledger.end_cancel(pool, now, fresh());
  EXPECT_TRUE(ledger.begin_cancel(pool));
}

TEST_F(OpeningServers, S098_SaturatedPoolWithoutWelcomeOpensOneMoreForALogin) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId busy = connect(pool, 1);
  ledger.reconnect({}, now, fresh());
  take_login(pool, 2);
  const ConnectionId extra = only(Kind::launch).server;
  logged_in(pool, extra);
  EXPECT_EQ(only(Kind::welcome).client, id(2));
  EXPECT_EQ(counts(pool).idle, 1);
  tick();
  EXPECT_STREQ(only(Kind::close).close_reason, "too many servers in the pool");
  removed(pool, extra);
  EXPECT_TRUE(ledger.close_needed(pool, busy));
  EXPECT_EQ(ledger.servers(), 1U);
}

TEST_F(OpeningServers, TestedServerIsExpectedToServeAWaiter) {
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  ledger.mark_tested(pool, server);
  take(pool, 2);
  EXPECT_TRUE(actions.empty());
  take(pool, 3);
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(OpeningServers, S096_UnusedPoolIsDroppedAfterItsTimeout) {
  rules.pool_idle_timeout = seconds(1);
  const PoolId pool = open();
  ledger.client_joined(pool);
  EXPECT_TRUE(ledger.drop_unused(now).empty());
  ledger.client_left(pool);
  EXPECT_TRUE(ledger.drop_unused(now).empty());
  pass(seconds(2));
  const auto dropped = ledger.drop_unused(now);
  ASSERT_EQ(dropped.size(), 1U);
  EXPECT_EQ(dropped[0].id, pool);
  EXPECT_EQ(dropped[0].age, seconds(2));
  EXPECT_TRUE(ledger.pools().empty());
  EXPECT_NE(open(), pool);
}

TEST_F(OpeningServers, S096_PoolOfAForcedUserWithMinPoolSizeStays) {
  rules.pool_idle_timeout = seconds(1);
  rules.forced_user = true;
  rules.min_pool_size = 1;
  open();
  EXPECT_TRUE(ledger.drop_unused(now).empty());
  pass(seconds(5));
  EXPECT_TRUE(ledger.drop_unused(now).empty());
}

}  // namespace
}  // namespace uvb
