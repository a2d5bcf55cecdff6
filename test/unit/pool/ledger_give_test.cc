#include "ledger_fixture.h"

namespace uvb {
namespace {

using Kind = Action::Kind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class GivingAServerBack : public LedgerTest {};

TEST_F(GivingAServerBack, S106_ClosesItWhenItsLifetimeIsZero) {
  rules.server_lifetime = {};
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  give(pool, server);
  EXPECT_STREQ(only(Kind::close).close_reason, "server lifetime over");
  EXPECT_EQ(counts(pool).idle, 0);
}

TEST_F(GivingAServerBack, ClosesItWhenItsLifetimeIsOver) {
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  pass(minutes(60));
  give(pool, server);
  EXPECT_STREQ(only(Kind::close).close_reason, "server lifetime over");
}

TEST_F(GivingAServerBack, SpacesClosesForLifetimeOverThePool) {
  rules.pool_size = 4;
  const PoolId pool = open();
  const ConnectionId first = connect(pool, 1);
  const ConnectionId second = connect(pool, 2);
  pass(minutes(60));
  give(pool, first);
  EXPECT_EQ(count(Kind::close), 1);
  pass(minutes(14));
  give(pool, second);
  EXPECT_EQ(count(Kind::close), 0);
  EXPECT_EQ(take(pool, 2).server, second);
  pass(minutes(1));
  give(pool, second);
  EXPECT_STREQ(only(Kind::close).close_reason, "server lifetime over");
}

TEST_F(GivingAServerBack, DoesNotSpaceThemInAnUnlimitedPool) {
  rules.pool_size = 0;
  const PoolId pool = open();
  const ConnectionId first = connect(pool, 1);
  const ConnectionId second = connect(pool, 2);
  pass(minutes(60));
  give(pool, first);
  EXPECT_EQ(count(Kind::close), 1);
  give(pool, second);
  EXPECT_EQ(count(Kind::close), 1);
}

TEST_F(GivingAServerBack, S104_WithZeroDelayChecksBeforeEachReuse) {
  rules.check_query = true;
  rules.server_check_delay = {};
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  for (const std::uint64_t client : {2U, 3U}) {
    give(pool, server);
    EXPECT_EQ(counts(pool).used, 1);
    EXPECT_EQ(take(pool, client).status, TakeStatus::queued);
    EXPECT_EQ(only(Kind::check).server, server);
    EXPECT_EQ(counts(pool).tested, 1);
    give(pool, server);
    EXPECT_EQ(only(Kind::serve).client, id(client));
  }
}

TEST_F(GivingAServerBack, AfterItsResetQueryItIsNotCheckedAgain) {
  rules.check_query = true;
  rules.server_check_delay = {};
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  ledger.mark_tested(pool, server);
  EXPECT_EQ(counts(pool).tested, 1);
  give(pool, server);
  EXPECT_EQ(counts(pool).idle, 1);
}

TEST_F(GivingAServerBack, S104_WithinTheDelayItIsNotChecked) {
  rules.check_query = true;
  rules.server_check_delay = seconds(1);
  const PoolId pool = open();
  const ConnectionId server = warm(pool, 1)[0];
  pass(milliseconds(900));
  tick();
  EXPECT_EQ(take(pool, 1).server, server);
}

TEST_F(GivingAServerBack, S104_AfterTheDelayItIsCheckedOnce) {
  rules.check_query = true;
  rules.server_check_delay = seconds(1);
  const PoolId pool = open();
  const ConnectionId server = warm(pool, 1)[0];
  pass(seconds(2));
  tick();
  EXPECT_EQ(counts(pool).used, 1);
  take(pool, 1);
  EXPECT_EQ(only(Kind::check).server, server);
  EXPECT_EQ(count(Kind::launch), 0);
  give(pool, server);
  EXPECT_EQ(only(Kind::serve).client, id(1));
}

TEST_F(GivingAServerBack, S105_ServerThatFailsItsCheckIsReplacedUnnoticed) {
  rules.check_query = true;
  rules.server_check_delay = seconds(1);
  const PoolId pool = open();
  warm(pool, 2);
  pass(seconds(2));
  tick();
  take(pool, 1);
  const ConnectionId first = only(Kind::check).server;
  removed(pool, first);
  const ConnectionId second = only(Kind::check).server;
  EXPECT_NE(first, second);
  removed(pool, second);
  logged_in(pool, only(Kind::launch).server);
  EXPECT_EQ(only(Kind::serve).client, id(1));
}

TEST_F(GivingAServerBack, ChecksOneServerPerWaiter) {
  rules.check_query = true;
  rules.server_check_delay = seconds(1);
  const PoolId pool = open();
  warm(pool, 3);
  pass(seconds(2));
  tick();
  take(pool, 1);
  EXPECT_EQ(count(Kind::check), 1);
  take(pool, 2);
  EXPECT_EQ(count(Kind::check), 1);
  EXPECT_EQ(counts(pool).used, 1);
}

TEST_F(GivingAServerBack, UsedServerWithinALongerDelayIsServedAtOnce) {
  rules.check_query = true;
  rules.server_check_delay = seconds(1);
  const PoolId pool = open();
  const ConnectionId server = warm(pool, 1)[0];
  pass(seconds(2));
  tick();
  rules.server_check_delay = minutes(1);
  change_rules(pool);
  take(pool, 1);
  const Action action = only(Kind::hand_over);
  EXPECT_EQ(action.server, server);
  EXPECT_EQ(action.to, kA);
}

TEST_F(GivingAServerBack, S107_ClosesIdleServersAfterTheIdleTimeout) {
  rules.server_idle_timeout = seconds(1);
  const PoolId pool = open();
  warm(pool, 2);
  pass(seconds(1) - Micros(1));
  tick();
  EXPECT_EQ(count(Kind::close), 0);
  pass(milliseconds(1));
  tick();
  ASSERT_EQ(count(Kind::close), 2);
  EXPECT_STREQ(actions[0].close_reason, "server idle timeout");
}

TEST_F(GivingAServerBack, IdleTimeoutKeepsMinPoolSize) {
  rules.server_idle_timeout = seconds(1);
  rules.min_pool_size = 2;
  const PoolId pool = open();
  warm(pool, 3);
  pass(seconds(2));
  tick();
  EXPECT_EQ(count(Kind::close), 1);
  EXPECT_EQ(counts(pool).idle, 2);
}

TEST_F(GivingAServerBack, ServerThatWaitsForItsCheckIsCalledUsed) {
  rules.check_query = true;
  rules.server_check_delay = seconds(1);
  const PoolId pool = open();
  const ConnectionId server = warm(pool, 1).front();
  EXPECT_FALSE(ledger.condition(pool, server).used);
  EXPECT_EQ(ledger.condition(pool, server).parked_since, now);
  const TimePoint parked = now;
  pass(seconds(2));
  tick();
  EXPECT_TRUE(ledger.condition(pool, server).used);
  EXPECT_EQ(ledger.condition(pool, server).parked_since, parked);
  take(pool, 1);
  EXPECT_FALSE(ledger.condition(pool, server).used);
  EXPECT_EQ(ledger.condition(pool, server).parked_since, TimePoint{});
}

TEST_F(GivingAServerBack, UsedServersLeaveByTheIdleTimeout) {
  rules.check_query = true;
  rules.server_check_delay = seconds(1);
  rules.server_idle_timeout = seconds(3);
  const PoolId pool = open();
  warm(pool, 1);
  pass(seconds(2));
  tick();
  EXPECT_EQ(counts(pool).used, 1);
  pass(seconds(2));
  tick();
  EXPECT_STREQ(only(Kind::close).close_reason, "server idle timeout");
}

TEST_F(GivingAServerBack, UnusedFreshServerWithoutLifetimeIsClosedByTheNextTick) {
  rules.server_lifetime = {};
  const PoolId pool = open();
  take(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  ledger.cancel_wait(kA, id(1));
  logged_in(pool, server);
  EXPECT_EQ(counts(pool).idle, 1);
  tick();
  EXPECT_STREQ(only(Kind::close).close_reason, "server lifetime over");
}

TEST_F(GivingAServerBack, S084_TicksTrimTheSurplusOfALoweredPoolSize) {
  const PoolId pool = open();
  warm(pool, 4);
  rules.pool_size = 1;
  rules.reserve_pool_size = 1;
  change_rules(pool);
  tick();
  ASSERT_EQ(count(Kind::close), 2);
  EXPECT_STREQ(actions[0].close_reason, "too many servers in the pool");
  EXPECT_EQ(counts(pool).idle, 2);
}

TEST_F(GivingAServerBack, S084_ActiveSurplusIsClosedWhenGivenBack) {
  const PoolId pool = open();
  const ConnectionId first = connect(pool, 1);
  const ConnectionId second = connect(pool, 2);
  rules.pool_size = 1;
  change_rules(pool);
  tick();
  EXPECT_TRUE(actions.empty());
  give(pool, first);
  EXPECT_STREQ(only(Kind::close).close_reason, "too many servers in the pool");
  give(pool, second);
  EXPECT_TRUE(actions.empty());
}

TEST_F(GivingAServerBack, S145_ServerHeldBackByACancelServesNobodyUntilGiven) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  ledger.mark_being_canceled(pool, server);
  EXPECT_EQ(counts(pool).being_canceled, 1);
  EXPECT_EQ(counts(pool).active, 0);
  take(pool, 2);
  EXPECT_TRUE(actions.empty());
  give(pool, server);
  EXPECT_EQ(only(Kind::serve).client, id(2));
}

TEST_F(GivingAServerBack, TwiceIsIgnored) {
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  give(pool, server);
  give(pool, server);
  EXPECT_EQ(counts(pool).idle, 1);
  EXPECT_EQ(take(pool, 2).server, server);
  EXPECT_EQ(take(pool, 3).status, TakeStatus::queued);
}

TEST_F(GivingAServerBack, WhenItHasBeenToldToCloseRepeatsTheClose) {
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  ledger.kill("db", "database removed", now, fresh());
  give(pool, server);
  EXPECT_STREQ(only(Kind::close).close_reason, "database removed");
}

}  // namespace
}  // namespace uvb
