#include "ledger_fixture.h"

namespace uvb {
namespace {

using Kind = Action::Kind;
using std::chrono::seconds;

class Operators : public LedgerTest {};

TEST_F(Operators, S151_PauseIsDoneWhenTheTransactionEndsAndResumeServes) {
  const PoolId pool = open();
  const ConnectionId idle = connect(pool, 1);
  const ConnectionId busy = connect(pool, 2);
  give(pool, idle);
  ledger.pause_all(now, fresh());
  EXPECT_EQ(only(Kind::close).server, idle);
  EXPECT_STREQ(only(Kind::close).close_reason, "pause mode");
  removed(pool, idle);
  EXPECT_FALSE(ledger.quiet({}));
  EXPECT_EQ(take(pool, 3).status, TakeStatus::queued);
  EXPECT_TRUE(actions.empty());
  give(pool, busy);
  EXPECT_STREQ(only(Kind::close).close_reason, "pause mode");
  EXPECT_TRUE(ledger.quiet({}));
  removed(pool, busy);
  tick();
  EXPECT_TRUE(actions.empty());
  ledger.resume_all(now, fresh());
  logged_in(pool, only(Kind::launch).server);
  EXPECT_EQ(only(Kind::serve).client, id(3));
}

TEST_F(Operators, S152_ColdLoginWhilePausedWaitsWithoutAnAttempt) {
  const PoolId pool = open();
  ledger.pause_all(now, fresh());
  EXPECT_EQ(take_login(pool, 1).status, TakeStatus::queued);
  tick();
  EXPECT_TRUE(actions.empty());
  ledger.resume_all(now, fresh());
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(Operators, S152_WarmPoolKeepsItsWelcomeWhilePaused) {
  const PoolId pool = open();
  warm(pool, 1);
  ledger.pause_all(now, fresh());
  EXPECT_EQ(ledger.welcome(pool), welcome);
  take_login(pool, 1);
  EXPECT_EQ(count(Kind::welcome), 1);
}

TEST_F(Operators, D13_ColdLoginOnAPausedDatabaseDelaysNothingAfterResume) {
  const PoolId pool = open();
  ledger.pause("db", now, fresh());
  take_login(pool, 1);
  tick();
  EXPECT_TRUE(actions.empty());
  ledger.resume("db", now, fresh());
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(Operators, S153_PauseOfOneDatabaseLeavesOthersAlone) {
  const PoolId one = open("one");
  const PoolId two = open("two");
  warm(one, 1);
  warm(two, 1);
  ledger.pause("one", now, fresh());
  EXPECT_EQ(only(Kind::close).pool, one);
  EXPECT_TRUE(ledger.paused("one"));
  EXPECT_FALSE(ledger.paused("two"));
  EXPECT_EQ(take(two, 1).status, TakeStatus::granted);
  EXPECT_FALSE(ledger.quiet("two"));
  EXPECT_TRUE(ledger.quiet("one"));
  EXPECT_EQ(take(one, 2).status, TakeStatus::queued);
  ledger.resume_all(now, fresh());
  EXPECT_TRUE(actions.empty());
  EXPECT_TRUE(ledger.paused("one"));
}

TEST_F(Operators, DatabaseIsStoppedByItsOwnPauseAndByThatOfAll) {
  EXPECT_FALSE(ledger.stopped("one"));
  ledger.pause("one", now, fresh());
  EXPECT_TRUE(ledger.stopped("one"));
  EXPECT_FALSE(ledger.stopped("two"));
  ledger.resume("one", now, fresh());
  EXPECT_FALSE(ledger.stopped("one"));
  ledger.pause_all(now, fresh());
  EXPECT_TRUE(ledger.stopped("two"));
}

TEST_F(Operators, PauseOfAnUnknownDatabaseIsRemembered) {
  ledger.pause("later", now, fresh());
  const PoolId pool = open("later");
  take(pool, 1);
  EXPECT_TRUE(actions.empty());
  EXPECT_TRUE(ledger.pools()[0].paused);
  ledger.resume("later", now, fresh());
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(Operators, PauseAbortsTheLoginAndItsLateSuccessIsClosed) {
  const PoolId pool = open();
  take(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  ledger.pause_all(now, fresh());
  EXPECT_STREQ(only(Kind::close).close_reason, "pause mode");
  logged_in(pool, server);
  EXPECT_STREQ(only(Kind::close).close_reason, "pause mode");
  ledger.resume_all(now, fresh());
  EXPECT_EQ(count(Kind::launch), 0);
  removed(pool, server);
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(Operators, PauseWaitsForTheResetQuery) {
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  ledger.mark_tested(pool, server);
  ledger.pause_all(now, fresh());
  EXPECT_TRUE(actions.empty());
  EXPECT_FALSE(ledger.quiet({}));
  give(pool, server);
  EXPECT_TRUE(ledger.quiet({}));
}

TEST_F(Operators, MinPoolSizeIsNotKeptWhilePaused) {
  rules.min_pool_size = 1;
  rules.forced_user = true;
  open();
  ledger.pause_all(now, fresh());
  tick();
  EXPECT_TRUE(actions.empty());
}

TEST_F(Operators, S159_ReconnectClosesIdleOnesNowAndActiveOnesWhenGiven) {
  const PoolId pool = open();
  const ConnectionId idle = connect(pool, 1);
  const ConnectionId busy = connect(pool, 2);
  give(pool, idle);
  ledger.reconnect("db", now, fresh());
  EXPECT_EQ(only(Kind::close).server, idle);
  EXPECT_STREQ(only(Kind::close).close_reason, "database configuration changed");
  EXPECT_EQ(ledger.welcome(pool), nullptr);
  EXPECT_TRUE(ledger.pools()[0].close_needed);
  EXPECT_TRUE(ledger.close_needed(pool, busy));
  give(pool, busy);
  EXPECT_STREQ(only(Kind::close).close_reason, "close_needed");
  removed(pool, idle);
  removed(pool, busy);
  EXPECT_FALSE(ledger.pools()[0].close_needed);
}

TEST_F(Operators, S159_NewSizesCloseNothing) {
  const PoolId pool = open();
  warm(pool, 2);
  rules.pool_size = 2;
  change_rules(pool);
  tick();
  EXPECT_TRUE(actions.empty());
}

TEST_F(Operators, D16_ReconnectTagsServersBeingCanceled) {
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  ledger.mark_being_canceled(pool, server);
  ledger.reconnect({}, now, fresh());
  EXPECT_TRUE(ledger.close_needed(pool, server));
  give(pool, server);
  EXPECT_STREQ(only(Kind::close).close_reason, "close_needed");
}

TEST_F(Operators, ReconnectAbortsTheLoginAndNoClientNotices) {
  const PoolId pool = open();
  take(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  ledger.reconnect({}, now, fresh());
  EXPECT_STREQ(only(Kind::close).close_reason, "connect string changed");
  EXPECT_EQ(count(Kind::launch), 0);
  unreachable(pool, server);
  EXPECT_EQ(count(Kind::fail), 0);
  logged_in(pool, only(Kind::launch).server);
  EXPECT_EQ(only(Kind::serve).client, id(1));
}

TEST_F(Operators, TestedServersLeaveByTheTickAfterReconnect) {
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  ledger.mark_tested(pool, server);
  ledger.reconnect({}, now, fresh());
  EXPECT_TRUE(actions.empty());
  tick();
  EXPECT_STREQ(only(Kind::close).close_reason, "database configuration changed");
}

TEST_F(Operators, KillClosesServersAndWaitersAndForgetsThePool) {
  rules.pool_size = 2;
  const PoolId pool = open();
  const PoolId other = open("other");
  const ConnectionId busy = connect(pool, 1);
  const ConnectionId idle = connect(pool, 2);
  give(pool, idle);
  take(pool, 3, kB);
  EXPECT_EQ(count(Kind::hand_over), 1);
  take(pool, 4, kC);
  warm(other, 1);
  ledger.kill("db", "database removed", now, fresh());
  EXPECT_EQ(count(Kind::close), 2);
  ASSERT_EQ(count(Kind::fail), 2);
  for (const Action& action : actions) {
    if (action.kind != Kind::fail) continue;
    EXPECT_EQ(action.code, "08P01");
    EXPECT_EQ(action.reason, "database removed");
  }
  EXPECT_EQ(ledger.pools().size(), 1U);
  EXPECT_STREQ(ledger.moved(pool, idle, kB), "database removed");
  EXPECT_EQ(ledger.servers(), 3U);
  removed(pool, idle);
  removed(pool, busy);
  EXPECT_EQ(ledger.servers(), 1U);
  EXPECT_NE(open(), pool);
}

TEST_F(Operators, ServersOfAKilledPoolCountUntilTheyAreGone) {
  rules.max_db_connections = 1;
  const PoolId killed = open();
  const ConnectionId server = connect(killed, 1);
  ledger.kill({}, "database removed", now, fresh());
  const PoolId pool = open();
  take(pool, 2);
  EXPECT_EQ(count(Kind::launch), 0);
  removed(killed, server);
  EXPECT_EQ(only(Kind::launch).pool, pool);
}

TEST_F(Operators, CallsForAKilledPoolAreHarmless) {
  const PoolId pool = open();
  ledger.client_joined(pool);
  EXPECT_TRUE(ledger.begin_cancel(pool));
  ledger.kill({}, "database removed", now, fresh());
  ledger.client_left(pool);
  ledger.end_cancel(pool, now, fresh());
  ledger.end_cancel(pool, now, fresh());
  change_rules(pool);
  EXPECT_FALSE(ledger.begin_cancel(pool));
  EXPECT_FALSE(ledger.cancel_wait(kA, id(1)));
  EXPECT_EQ(ledger.welcome(pool), nullptr);
  give(pool, id(12345));
  EXPECT_TRUE(actions.empty());
}

TEST_F(Operators, S157_ShutdownRefusesWaitersAndNewNeedsAndLetsActiveOnesFinish) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId busy = connect(pool, 1);
  take(pool, 2);
  ledger.shut_down(now, fresh());
  EXPECT_EQ(only(Kind::fail).client, id(2));
  EXPECT_EQ(only(Kind::fail).reason, "server shutting down");
  EXPECT_EQ(only(Kind::fail).code, "08P01");
  const TakeResult result = take(pool, 3);
  EXPECT_EQ(result.status, TakeStatus::refused);
  EXPECT_EQ(result.error, "server shutting down");
  EXPECT_EQ(take_login(pool, 4).error, "server shutting down");
  EXPECT_EQ(ledger.servers(), 1U);
  give(pool, busy);
  removed(pool, busy);
  EXPECT_EQ(ledger.servers(), 0U);
}

}  // namespace
}  // namespace uvb
