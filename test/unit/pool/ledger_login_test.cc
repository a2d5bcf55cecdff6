#include "ledger_fixture.h"

namespace uvb {
namespace {

using Kind = Action::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ServerLogins : public LedgerTest {
 protected:
  /// Warm pool whose server went away and whose next login failed.
  PoolId failing() {
    const PoolId pool = open();
    removed(pool, warm(pool, 1)[0]);
    take(pool, 1);
    unreachable(pool, only(Kind::launch).server);
    ledger.cancel_wait(kA, id(1));
    return pool;
  }
};

TEST_F(ServerLogins, FirstOneWakesEverybodyWhoWaitsForTheWelcome) {
  const PoolId pool = open();
  take_login(pool, 1, kA);
  const ConnectionId server = only(Kind::launch).server;
  take_login(pool, 2, kB);
  EXPECT_EQ(ledger.welcome(pool), nullptr);
  logged_in(pool, server);
  ASSERT_EQ(count(Kind::welcome), 2);
  EXPECT_EQ(actions[0].client, id(1));
  EXPECT_EQ(actions[1].client, id(2));
  EXPECT_EQ(actions[1].worker, kB);
  EXPECT_EQ(actions[1].welcome, welcome);
  EXPECT_EQ(ledger.welcome(pool), welcome);
  EXPECT_EQ(counts(pool).idle, 1);
}

TEST_F(ServerLogins, KeepTheFirstWelcome) {
  const PoolId pool = open();
  connect(pool, 1);
  const auto first = ledger.welcome(pool);
  welcome = std::make_shared<const Welcome>();
  connect(pool, 2);
  EXPECT_EQ(ledger.welcome(pool), first);
}

TEST_F(ServerLogins, ClientThatMissedTheWelcomeGetsItAtOnce) {
  const PoolId pool = open();
  connect(pool, 1);
  EXPECT_EQ(take_login(pool, 2).status, TakeStatus::queued);
  EXPECT_EQ(only(Kind::welcome).welcome, welcome);
  EXPECT_EQ(counts(pool).waiting, 0);
}

TEST_F(ServerLogins, LoginWaiterMayGiveUp) {
  const PoolId pool = open();
  take_login(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  EXPECT_TRUE(ledger.cancel_wait(kA, id(1)));
  logged_in(pool, server);
  EXPECT_TRUE(actions.empty());
}

TEST_F(ServerLogins, S087_UnreachableServerLeavesColdClientsWaiting) {
  const PoolId pool = open();
  take_login(pool, 1);
  const TimePoint started = now;
  pass(seconds(5));
  unreachable(pool, only(Kind::launch).server);
  EXPECT_TRUE(actions.empty());
  EXPECT_EQ(counts(pool).waiting, 1);
  now = started + seconds(15) - milliseconds(1);
  tick();
  EXPECT_TRUE(actions.empty());
  now = started + seconds(15);
  tick();
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(ServerLogins, S088_ServersErrorReachesWaitersAndLaterOnesWaitForTheRetry) {
  const PoolId pool = open();
  take_login(pool, 1);
  refused(pool, only(Kind::launch).server, "3D000", "database \"x\" does not exist");
  const Action fail = only(Kind::fail);
  EXPECT_EQ(fail.client, id(1));
  EXPECT_EQ(fail.code, "3D000");
  EXPECT_EQ(fail.reason, "database \"x\" does not exist");
  EXPECT_EQ(counts(pool).waiting, 0);
  pass(seconds(1));
  EXPECT_EQ(take_login(pool, 2).status, TakeStatus::queued);
  EXPECT_TRUE(actions.empty());
  pass(seconds(14));
  tick();
  refused(pool, only(Kind::launch).server, "3D000", "database \"x\" does not exist");
  EXPECT_EQ(only(Kind::fail).client, id(2));
}

TEST_F(ServerLogins, S089_LoggedInClientFailsFastWithTheCachedError) {
  const PoolId pool = failing();
  const TakeResult result = take(pool, 2);
  EXPECT_EQ(result.status, TakeStatus::refused);
  EXPECT_EQ(result.error, "server login has been failing, cached error: connect failed (server_login_retry)");
  EXPECT_TRUE(actions.empty());
  EXPECT_EQ(counts(pool).waiting, 0);
}

TEST_F(ServerLogins, S090_AfterTheDelayTheRefusedClientTriggersAnAttempt) {
  const PoolId pool = failing();
  pass(seconds(15));
  EXPECT_EQ(take(pool, 2, kB).status, TakeStatus::refused);
  const Action launch = only(Kind::launch);
  EXPECT_EQ(launch.worker, kB);
  logged_in(pool, launch.server);
  give(pool, launch.server);
  EXPECT_EQ(take(pool, 3, kB).status, TakeStatus::granted);
}

TEST_F(ServerLogins, CachedErrorIsCutTo99BytesAtACharacter) {
  const PoolId pool = open();
  take(pool, 1);
  refused(pool, only(Kind::launch).server, "XX000", std::string(98, 'a') + "\xc3\xa4" + "tail");
  EXPECT_EQ(only(Kind::fail).reason.size(), 104U);
  EXPECT_EQ(take(pool, 2).error,
            "server login has been failing, cached error: " + std::string(98, 'a') + " (server_login_retry)");
}

TEST_F(ServerLogins, QueuedClientIsNotFailedFast) {
  const PoolId pool = open();
  take(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  take(pool, 2);
  unreachable(pool, server);
  EXPECT_EQ(counts(pool).waiting, 2);
  EXPECT_EQ(take(pool, 3).status, TakeStatus::refused);
}

TEST_F(ServerLogins, CancelConnectionPreventsFailingFast) {
  const PoolId pool = failing();
  EXPECT_TRUE(ledger.begin_cancel(pool));
  EXPECT_EQ(take(pool, 2).status, TakeStatus::queued);
}

TEST_F(ServerLogins, S091_StartingServerKeepsWaitersAndIsRetried) {
  const PoolId pool = open();
  take(pool, 1);
  for (int i = 0; i < 2; ++i) {
    refused(pool, only(Kind::launch).server, "57P03", "the database system is starting up");
    EXPECT_TRUE(actions.empty());
    pass(seconds(15));
    tick();
  }
  logged_in(pool, only(Kind::launch).server);
  EXPECT_EQ(only(Kind::serve).client, id(1));
}

TEST_F(ServerLogins, S092_TooManyConnectionsFailsAllWaiters) {
  const PoolId pool = open();
  take(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  take(pool, 2, kB);
  take_login(pool, 3, kC);
  refused(pool, server, "53300", "sorry, too many clients already");
  ASSERT_EQ(count(Kind::fail), 3);
  for (const Action& action : actions) {
    EXPECT_EQ(action.code, "53300");
    EXPECT_EQ(action.reason, "sorry, too many clients already");
  }
}

TEST_F(ServerLogins, S093_WithAConnectedServerWaitersStay) {
  const PoolId pool = open();
  const ConnectionId connected = connect(pool, 1);
  take(pool, 2);
  refused(pool, only(Kind::launch).server, "53300", "sorry, too many clients already");
  EXPECT_TRUE(actions.empty());
  EXPECT_EQ(take(pool, 3).status, TakeStatus::queued);
  give(pool, connected);
  EXPECT_EQ(only(Kind::serve).client, id(2));
}

TEST_F(ServerLogins, S094_ErrorWithoutSqlstateBecomesAProtocolViolation) {
  const PoolId pool = open();
  take(pool, 1);
  refused(pool, only(Kind::launch).server, "", "no");
  EXPECT_EQ(only(Kind::fail).code, "08P01");
}

TEST_F(ServerLogins, UnusableCredentialsFailWaiters) {
  const PoolId pool = open();
  take_login(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  ledger.login_failed(pool, server, {LoginFailure::Kind::local, {}, "server login failed: wrong password type"}, now,
                      fresh());
  EXPECT_EQ(only(Kind::fail).code, "08P01");
  EXPECT_EQ(only(Kind::fail).reason, "server login failed: wrong password type");
}

TEST_F(ServerLogins, AbortedOneIsNoFailure) {
  const PoolId pool = open();
  take(pool, 1);
  const ConnectionId server = only(Kind::launch).server;
  ledger.login_failed(pool, server, {LoginFailure::Kind::aborted, {}, "connect string changed"}, now, fresh());
  EXPECT_EQ(count(Kind::fail), 0);
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(ServerLogins, WithoutRetryDelayTheNextAttemptWaitsForTheTick) {
  rules.server_login_retry = {};
  const PoolId pool = open();
  take(pool, 1);
  unreachable(pool, only(Kind::launch).server);
  EXPECT_TRUE(actions.empty());
  tick();
  EXPECT_EQ(count(Kind::launch), 1);
}

TEST_F(ServerLogins, ConnectionThatVanishesDuringLoginIsAFailure) {
  const PoolId pool = open();
  take(pool, 1);
  removed(pool, only(Kind::launch).server);
  EXPECT_TRUE(actions.empty());
  EXPECT_EQ(take(pool, 2).error,
            "server login has been failing, cached error: server conn crashed? (server_login_retry)");
}

TEST_F(ServerLogins, FailedOneFreesItsPlaceForOtherPools) {
  rules.max_db_connections = 1;
  const PoolId alice = open("db", "alice");
  const PoolId bob = open("db", "bob");
  take(alice, 1);
  const ConnectionId server = only(Kind::launch).server;
  take(bob, 2);
  unreachable(alice, server);
  EXPECT_EQ(only(Kind::launch).pool, bob);
}

TEST_F(ServerLogins, SuccessForgetsTheFailure) {
  const PoolId pool = failing();
  pass(seconds(15));
  take(pool, 2);
  const ConnectionId server = only(Kind::launch).server;
  logged_in(pool, server);
  removed(pool, server);
  EXPECT_EQ(take(pool, 3).status, TakeStatus::queued);
  EXPECT_EQ(count(Kind::launch), 1);
}

}  // namespace
}  // namespace uvb
