#include "admin/console_access.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

TEST(ConsoleAccess, RolesFollowTheLists) {
  EXPECT_EQ(console_role("a", "a, b", "a"), ConsoleRole::admin);
  EXPECT_EQ(console_role("b", "a,b", ""), ConsoleRole::admin);
  EXPECT_EQ(console_role("c", "a b", "x c"), ConsoleRole::stats);
  EXPECT_EQ(console_role("A", "a", "a"), ConsoleRole::none);
  EXPECT_EQ(console_role("", "a", "b"), ConsoleRole::none);
}

}  // namespace
}  // namespace uvb
