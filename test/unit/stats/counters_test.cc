#include "stats/counters.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

TEST(Counters, EveryMemberIsAddedUp) {
  Counters one;
  std::uint64_t value = 1;
  for (const auto member : kCounterMembers) one.*member = value++;
  Counters two = one;
  two += one;
  value = 1;
  for (const auto member : kCounterMembers) EXPECT_EQ(two.*member, 2 * value++);
  EXPECT_EQ(sizeof(Counters), kCounterMembers.size() * sizeof(std::uint64_t)) << "a member is missing in the list";
}

TEST(Counters, GrowthIsTheDifference) {
  const Counters grown = growth({.xact_count = 3, .query_count = 5}, {.xact_count = 4, .query_count = 5});
  EXPECT_EQ(grown, (Counters{.xact_count = 1}));
}

TEST(Counters, GrowthOfAPoolMadeAnewIsAllItHas) {
  const Counters current{.xact_count = 4, .query_count = 9};
  EXPECT_EQ(growth({.xact_count = 3, .query_count = 10}, current), current);
}

}  // namespace
}  // namespace uvb
