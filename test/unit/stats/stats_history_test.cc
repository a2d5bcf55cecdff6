#include "stats/stats_history.h"

#include <gtest/gtest.h>

#include <vector>

namespace uvb {
namespace {

using std::chrono::seconds;

const TimePoint kStart{seconds(1000)};

std::vector<PoolCounters> pool(std::uint64_t queries, const char* database = "db") {
  return {{database, "user", {.query_count = queries}}};
}

TEST(StatsHistory, BeforeTheFirstPeriodAveragesCountFromOneSecondBeforeTheStart) {
  const StatsHistory history(kStart);
  EXPECT_EQ(history.averages(pool(10), kStart).query_count, 10U);
  EXPECT_EQ(history.averages(pool(10), kStart + seconds(9)).query_count, 1U);
  EXPECT_EQ(history.last_period(), Counters{});
}

TEST(StatsHistory, AveragesSlideOverOneToTwoPeriods) {
  StatsHistory history(kStart);
  history.rotate(pool(100), kStart + seconds(10));
  EXPECT_EQ(history.averages(pool(100), kStart + seconds(10)).query_count, 10U) << "since the start";
  history.rotate(pool(300), kStart + seconds(20));
  EXPECT_EQ(history.averages(pool(300), kStart + seconds(20)).query_count, 20U) << "since the first rotation";
  EXPECT_EQ(history.averages(pool(300), kStart + seconds(30)).query_count, 10U);
}

TEST(StatsHistory, TheLastPeriodIsExactlyOne) {
  StatsHistory history(kStart);
  history.rotate(pool(100), kStart + seconds(10));
  EXPECT_EQ(history.last_period().query_count, 10U);
  history.rotate(pool(300), kStart + seconds(20));
  EXPECT_EQ(history.last_period().query_count, 20U);
}

TEST(StatsHistory, PartsOfAPoolOnSeveralWorkersAreOne) {
  StatsHistory history(kStart);
  std::vector<PoolCounters> parts = pool(60);
  parts.push_back(pool(40).front());
  history.rotate(parts, kStart + seconds(10));
  history.rotate(pool(150), kStart + seconds(20));
  EXPECT_EQ(history.last_period().query_count, 5U);
}

TEST(StatsHistory, AveragesAreOfTheListedPoolsOnly) {
  StatsHistory history(kStart);
  std::vector<PoolCounters> both = pool(100, "one");
  both.push_back(pool(1000, "two").front());
  history.rotate(both, kStart + seconds(10));
  EXPECT_EQ(history.averages(pool(100, "one"), kStart + seconds(10)).query_count, 10U);
  EXPECT_EQ(history.averages(both, kStart + seconds(10)).query_count, 110U);
}

TEST(StatsHistory, ARemovedPoolIsForgotten) {
  StatsHistory history(kStart);
  history.rotate(pool(100), kStart + seconds(10));
  history.rotate({}, kStart + seconds(20));
  EXPECT_EQ(history.last_period(), Counters{});
  EXPECT_EQ(history.averages(pool(200), kStart + seconds(20)).query_count, 20U) << "all of it is new";
}

TEST(StatsHistory, APoolMadeAnewDoesNotCountBackwards) {
  StatsHistory history(kStart);
  history.rotate(pool(1000), kStart + seconds(10));
  history.rotate(pool(1000), kStart + seconds(20));
  EXPECT_EQ(history.averages(pool(50), kStart + seconds(20)).query_count, 5U);
}

}  // namespace
}  // namespace uvb
