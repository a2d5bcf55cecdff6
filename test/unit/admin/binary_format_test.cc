#include "admin/binary_format.h"

#include <gtest/gtest.h>

#include <string>

namespace uvb {
namespace {

using namespace std::string_literals;

TEST(BinaryFormat, EncodesEveryTypeOfTheConsole) {
  EXPECT_EQ(binary_value(ColumnType::text, "a\xc3\xa4"), "a\xc3\xa4");
  EXPECT_EQ(binary_value(ColumnType::int4, "258"), "\0\0\1\2"s);
  EXPECT_EQ(binary_value(ColumnType::int4, "-2"), "\xff\xff\xff\xfe"s);
  EXPECT_EQ(binary_value(ColumnType::int8, "18446744073709551615"), std::string(8, '\xff'));
  EXPECT_EQ(binary_value(ColumnType::bytea, "\\x00ff10"), "\0\xff\x10"s);
}

TEST(BinaryFormat, NumericIsInBase10000) {
  EXPECT_EQ(binary_value(ColumnType::numeric, "0"), "\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(binary_value(ColumnType::numeric, "7"), "\0\1\0\0\0\0\0\0\0\7"s);
  EXPECT_EQ(binary_value(ColumnType::numeric, "20003"), "\0\2\0\1\0\0\0\0\0\2\0\3"s);
}

TEST(BinaryFormat, NumericMatchesDecimalText) {
  // 18446744073709551615 is 1844 6744 0737 0955 1615 in base 10000.
  EXPECT_EQ(binary_value(ColumnType::numeric, "18446744073709551615"),
            "\0\5\0\4\0\0\0\0\x07\x34\x1a\x58\x02\xe1\x03\xbb\x06\x4f"s);
}

}  // namespace
}  // namespace uvb
