#include "pool/id_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace uvb {
namespace {

TEST(IdMap, FindsNothingWhenEmpty) {
  IdMap<int> map;
  EXPECT_EQ(map.find(ConnectionId{1}), nullptr);
  map.erase(ConnectionId{1});
  EXPECT_EQ(map.size(), 0U);
}

TEST(IdMap, AgreesWithAnOrdinaryMapUnderRandomUse) {
  std::mt19937_64 random(7);
  std::map<std::uint64_t, int*> expected;
  std::vector<int> values(400);
  IdMap<int> map;
  for (int step = 0; step < 100000; ++step) {
    const std::uint64_t key = 1 + random() % 400;
    if (expected.erase(key) > 0) {
      map.erase(ConnectionId{key});
    } else {
      expected[key] = &values[key - 1];
      map.insert(ConnectionId{key}, values[key - 1]);
    }
    const std::uint64_t probe = 1 + random() % 400;
    const auto found = expected.find(probe);
    ASSERT_EQ(map.find(ConnectionId{probe}), found == expected.end() ? nullptr : found->second);
    ASSERT_EQ(map.size(), expected.size());
  }
}

}  // namespace
}  // namespace uvb
