#include "stats/averages.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

using std::chrono::seconds;

TEST(Averages, RatesArePerSecondAndCutOff) {
  const Counters averages =
      averages_of({.server_assignment_count = 19, .xact_count = 9, .received = 12345}, seconds(10));
  EXPECT_EQ(averages.server_assignment_count, 1U);
  EXPECT_EQ(averages.xact_count, 0U) << "0.9 a second";
  EXPECT_EQ(averages.received, 1234U);
}

TEST(Averages, TimesArePerTransactionQueryAndAssignment) {
  const Counters averages = averages_of({.server_assignment_count = 3,
                                         .xact_count = 2,
                                         .query_count = 4,
                                         .xact_time = 1001,
                                         .query_time = 1003,
                                         .wait_time = 100},
                                        seconds(1));
  EXPECT_EQ(averages.xact_time, 500U);
  EXPECT_EQ(averages.query_time, 250U);
  EXPECT_EQ(averages.wait_time, 33U);
}

TEST(Averages, TimesWithoutAnythingToShareThemAreZero) {
  const Counters averages = averages_of({.xact_time = 7, .query_time = 8, .wait_time = 9}, seconds(1));
  EXPECT_EQ(averages, Counters{});
}

TEST(Averages, NoDurationGivesZeros) {
  EXPECT_EQ(averages_of({.xact_count = 5}, seconds(0)), Counters{});
  EXPECT_EQ(averages_of({.xact_count = 5}, seconds(-1)), Counters{});
}

TEST(Averages, HugeAmountsDoNotOverflow) {
  const std::uint64_t amount = std::uint64_t{1} << 60;
  EXPECT_EQ(averages_of({.sent = amount}, seconds(1024)).sent, amount / 1024);
}

TEST(Averages, StatsLineIsThatOfRelease125) {
  EXPECT_EQ(stats_line({.xact_count = 1,
                        .query_count = 2,
                        .received = 6,
                        .sent = 7,
                        .xact_time = 8,
                        .query_time = 9,
                        .wait_time = 10,
                        .client_parse_count = 3,
                        .server_parse_count = 4,
                        .bind_count = 5}),
            "stats: 1 xacts/s, 2 queries/s, 3 client parses/s, 4 server parses/s, 5 binds/s, in 6 B/s, out 7 B/s,"
            " xact 8 us, query 9 us, wait 10 us");
}

}  // namespace
}  // namespace uvb
