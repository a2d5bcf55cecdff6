#include "config/list.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

using Items = std::vector<std::string>;

TEST(List, NamesAreSeparatedByCommasOrBlanks) {
  EXPECT_EQ(split_list("a,b c\td , ,e"), (Items{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(split_list(" , "), Items{});
  EXPECT_EQ(split_list(""), Items{});
}

TEST(List, CommaListKeepsInnerBlanks) {
  EXPECT_EQ(split_commas(" a b , c ,, d"), (Items{"a b", "c", "d"}));
  EXPECT_EQ(split_commas("*"), (Items{"*"}));
}

TEST(List, ContainsComparesExactly) {
  EXPECT_TRUE(list_contains("admin, bob", "bob"));
  EXPECT_FALSE(list_contains("admin, bob", "Bob"));
  EXPECT_FALSE(list_contains("admin, bob", "bo"));
  EXPECT_FALSE(list_contains("", ""));
}

}  // namespace
}  // namespace uvb
