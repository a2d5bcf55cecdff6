#include "base/held_by_name.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace uvb {
namespace {

TEST(HeldByName, OneValueForAllWhoHoldTheName) {
  HeldByName<int> values;
  const auto first = values.get("alice");
  *first = 7;
  EXPECT_EQ(values.get("alice"), first);
  EXPECT_NE(values.get("bob"), first);
}

TEST(HeldByName, NameIsForgottenWithItsLastHolder) {
  HeldByName<int> values;
  auto first = values.get("alice");
  auto second = values.get("alice");
  *first = 7;
  first.reset();
  EXPECT_EQ(values.size(), 1U);
  second.reset();
  EXPECT_EQ(values.size(), 0U);
  EXPECT_EQ(*values.get("alice"), 0);
}

TEST(HeldByName, ValueMayOutliveTheTable) {
  std::shared_ptr<int> value;
  {
    HeldByName<int> values;
    value = values.get("alice");
  }
  EXPECT_EQ(*value, 0);
}

TEST(HeldByName, ThreadsThatHoldANameAtTheSameTimeHoldTheSameValue) {
  HeldByName<std::atomic<int>> values;
  constexpr int kRounds = 20000;
  std::atomic<int> inside = 0;  // two values of one name at a time would let two threads in
  std::atomic<bool> both_inside = false;
  const auto work = [&] {
    for (int round = 0; round < kRounds;) {
      const auto value = values.get("alice");
      if (value->exchange(1, std::memory_order_acquire) != 0) continue;
      if (inside.fetch_add(1) != 0) both_inside = true;
      ++round;
      inside.fetch_sub(1);
      value->store(0, std::memory_order_release);
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back(work);
  threads.clear();
  EXPECT_FALSE(both_inside);
  EXPECT_EQ(values.size(), 0U);
}

}  // namespace
}  // namespace uvb
