#include <algorithm>

#include "ledger_fixture.h"

namespace uvb {
namespace {

using Kind = Action::Kind;

class TakingAServer : public LedgerTest {};

TEST_F(TakingAServer, OpensOneWhenThereIsNone) {
  const PoolId pool = open();
  EXPECT_EQ(take(pool, 1, kB).status, TakeStatus::queued);
  const Action launch = only(Kind::launch);
  EXPECT_EQ(launch.worker, kB);
  EXPECT_EQ(counts(pool).login, 1);
  EXPECT_EQ(counts(pool).waiting, 1);
  logged_in(pool, launch.server);
  EXPECT_EQ(only(Kind::serve).client, id(1));
  EXPECT_EQ(counts(pool).active, 1);
  EXPECT_EQ(counts(pool).waiting, 0);
}

TEST_F(TakingAServer, S071_PrefersTheLastReleased) {
  const PoolId pool = open();
  const auto servers = warm(pool, 3);
  EXPECT_EQ(take(pool, 1).server, servers[2]);
  EXPECT_EQ(take(pool, 2).server, servers[1]);
  EXPECT_EQ(counts(pool).active, 2);
}

TEST_F(TakingAServer, S072_PrefersTheFirstReleasedWithRoundRobin) {
  rules.round_robin = true;
  const PoolId pool = open();
  const auto servers = warm(pool, 3);
  for (const ConnectionId expected : {servers[0], servers[1], servers[2], servers[0]}) {
    const TakeResult result = take(pool, 1);
    EXPECT_EQ(result.status, TakeStatus::granted);
    EXPECT_EQ(result.server, expected);
    give(pool, result.server);
  }
}

TEST_F(TakingAServer, PrefersTheCallersOwnOverALaterReleasedOne) {
  const PoolId pool = open();
  const ConnectionId a = connect(pool, 1, kA);
  const ConnectionId b = connect(pool, 2, kB);
  give(pool, a);
  give(pool, b);
  EXPECT_EQ(take(pool, 3, kA).server, a);
}

TEST_F(TakingAServer, OfAnotherWorkerIsHandedOver) {
  const PoolId pool = open();
  const ConnectionId server = warm(pool, 1, kA)[0];
  EXPECT_EQ(take(pool, 1, kB).status, TakeStatus::queued);
  const Action action = only(Kind::hand_over);
  EXPECT_EQ(action.worker, kA);
  EXPECT_EQ(action.to, kB);
  EXPECT_EQ(action.server, server);
  EXPECT_EQ(action.client, id(1));
  EXPECT_EQ(counts(pool).active, 1);
  EXPECT_EQ(counts(pool).waiting, 0);
  EXPECT_EQ(ledger.moved(pool, server, kB), nullptr);
  give(pool, server);
  EXPECT_EQ(take(pool, 2, kB).server, server);
}

TEST_F(TakingAServer, OfOtherWorkersChoosesTheLastReleased) {
  const PoolId pool = open();
  const ConnectionId a = connect(pool, 1, kA);
  const ConnectionId b = connect(pool, 2, kB);
  give(pool, b);
  give(pool, a);
  take(pool, 3, kC);
  EXPECT_EQ(only(Kind::hand_over).server, a);
}

TEST_F(TakingAServer, S073_QueueIsServedInOrderOfArrival) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  for (const std::uint64_t client : {2U, 3U, 4U}) EXPECT_EQ(take(pool, client).status, TakeStatus::queued);
  for (const std::uint64_t client : {2U, 3U, 4U}) {
    give(pool, server);
    EXPECT_EQ(only(Kind::serve).client, id(client));
  }
  give(pool, server);
  EXPECT_TRUE(actions.empty());
  EXPECT_EQ(counts(pool).idle, 1);
}

TEST_F(TakingAServer, WaiterOfTheSameWorkerMayOvertakeOneThatCameLessThanFiveMillisecondsEarlier) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1, kA);
  take(pool, 2, kB);
  pass(Micros(4999));
  take(pool, 3, kA);
  // However long they have waited since: moving a connection would speed nobody up but the one at the other's cost.
  pass(Micros(1'000'000));
  give(pool, server);
  EXPECT_EQ(only(Kind::serve).client, id(3));
}

TEST_F(TakingAServer, WaiterOfAnotherWorkerIsNotOvertakenByOneThatCameFiveMillisecondsLater) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1, kA);
  take(pool, 2, kB);
  pass(Micros(5000));
  take(pool, 3, kA);
  give(pool, server);
  const Action action = only(Kind::hand_over);
  EXPECT_EQ(action.client, id(2));
  EXPECT_EQ(action.to, kB);
}

TEST_F(TakingAServer, CountsWaitersAndTheirOldestQuery) {
  rules.pool_size = 1;
  const PoolId pool = open();
  connect(pool, 1);
  const TimePoint first = now;
  take(pool, 2);
  pass(Micros(100));
  take(pool, 3);
  EXPECT_EQ(counts(pool).waiting, 2);
  EXPECT_EQ(counts(pool).oldest_query_start, first);
  EXPECT_TRUE(ledger.cancel_wait(kA, id(2)));
  EXPECT_EQ(counts(pool).waiting, 1);
  EXPECT_EQ(counts(pool).oldest_query_start, first + Micros(100));
}

TEST_F(TakingAServer, CancelledWaiterIsNotServed) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  take(pool, 2);
  take(pool, 3);
  EXPECT_TRUE(ledger.cancel_wait(kA, id(2)));
  EXPECT_FALSE(ledger.cancel_wait(kA, id(2)));
  give(pool, server);
  EXPECT_EQ(only(Kind::serve).client, id(3));
}

TEST_F(TakingAServer, CancelledWhileTheServerIsUnderWayTheServerComesBack) {
  const PoolId pool = open();
  const ConnectionId server = warm(pool, 1, kA)[0];
  take(pool, 1, kB);
  EXPECT_FALSE(ledger.cancel_wait(kB, id(1)));
  EXPECT_EQ(ledger.moved(pool, server, kB), nullptr);
  give(pool, server);
  EXPECT_EQ(counts(pool).idle, 1);
}

TEST_F(TakingAServer, ClientWhosePromisedServerDiesQueuesAgainAtTheHead) {
  rules.pool_size = 2;
  const PoolId pool = open();
  const auto servers = warm(pool, 2, kA);
  const ConnectionId busy = take(pool, 1, kA).server;
  take(pool, 2, kB);
  const ConnectionId promised = only(Kind::hand_over).server;
  take(pool, 3, kB);
  removed(pool, promised);
  EXPECT_EQ(only(Kind::launch).worker, kB);
  EXPECT_EQ(counts(pool).waiting, 2);
  pass(std::chrono::seconds(1));
  give(pool, busy);
  EXPECT_EQ(only(Kind::hand_over).client, id(2));
  EXPECT_NE(std::find(servers.begin(), servers.end(), busy), servers.end());
}

TEST_F(TakingAServer, ClientWhosePromisedServerDiesIsServedByAnIdleOne) {
  const PoolId pool = open();
  const auto servers = warm(pool, 2, kA);
  take(pool, 1, kB);
  removed(pool, only(Kind::hand_over).server);
  EXPECT_EQ(only(Kind::hand_over).server, servers[0]);
}

TEST_F(TakingAServer, ServerThatDiesAfterItArrivedIsNotPromisedAnyMore) {
  const PoolId pool = open();
  const ConnectionId server = warm(pool, 1, kA)[0];
  take(pool, 1, kB);
  ledger.moved(pool, server, kB);
  removed(pool, server);
  EXPECT_TRUE(actions.empty());
  EXPECT_EQ(counts(pool).waiting, 0);
}

TEST_F(TakingAServer, OnlyOneStartedWithTheSameOptionsFits) {
  const PoolId pool = open();
  warm(pool, 1);
  EXPECT_EQ(take(pool, 1, kA, "-c statement_timeout=500").status, TakeStatus::queued);
  const Action launch = only(Kind::launch);
  EXPECT_EQ(launch.options, "-c statement_timeout=500");
  logged_in(pool, launch.server);
  EXPECT_EQ(only(Kind::serve).client, id(1));
  give(pool, launch.server);
  EXPECT_EQ(take(pool, 2).status, TakeStatus::granted);
  EXPECT_EQ(take(pool, 3, kA, "-c statement_timeout=500").server, launch.server);
}

TEST_F(TakingAServer, FullPoolWithUnfitIdleServersEvictsTheLongestIdleOne) {
  rules.pool_size = 2;
  const PoolId pool = open();
  const auto servers = warm(pool, 2);
  EXPECT_EQ(take(pool, 1, kA, "x").status, TakeStatus::queued);
  const Action close = only(Kind::close);
  EXPECT_EQ(close.server, servers[0]);
  EXPECT_STREQ(close.close_reason, "evicted");
  EXPECT_EQ(count(Kind::launch), 0);
  removed(pool, servers[0]);
  EXPECT_EQ(only(Kind::launch).options, "x");
}

TEST_F(TakingAServer, ReleasedServerPassesOverWaitersItDoesNotSuit) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  take(pool, 2, kA, "x");
  take(pool, 3, kA);
  give(pool, server);
  EXPECT_EQ(only(Kind::serve).client, id(3));
}

TEST_F(TakingAServer, UnfitWaiterIsNotPassedOverForEver) {
  rules.pool_size = 1;
  const PoolId pool = open();
  const ConnectionId server = connect(pool, 1);
  take(pool, 2, kA, "x");
  take(pool, 3, kA);
  pass(kWaitBeforeEviction);
  give(pool, server);
  EXPECT_STREQ(only(Kind::close).close_reason, "evicted");
  removed(pool, server);
  EXPECT_EQ(only(Kind::launch).options, "x");
}

TEST_F(TakingAServer, InARemovedPoolIsRefused) {
  const PoolId pool = open();
  ledger.kill("db", "database removed", now, fresh());
  const TakeResult result = take(pool, 1);
  EXPECT_EQ(result.status, TakeStatus::refused);
  EXPECT_EQ(result.error, "database removed");
}

}  // namespace
}  // namespace uvb
