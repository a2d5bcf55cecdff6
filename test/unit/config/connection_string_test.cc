#include "config/connection_string.h"

#include <gtest/gtest.h>

#include <limits>

namespace uvb {
namespace {

using Pairs = std::vector<ConnectionPair>;

Pairs parsed(std::string_view text) {
  const auto pairs = parse_connection_string(text);
  EXPECT_TRUE(pairs.ok()) << text;
  return pairs ? *pairs : Pairs{};
}

bool refused(std::string_view text) { return !parse_connection_string(text).ok(); }

TEST(ConnectionString, EmptyMeansNoPairs) {
  EXPECT_EQ(parsed(""), Pairs{});
  EXPECT_EQ(parsed("   "), Pairs{});
}

TEST(ConnectionString, BlanksAroundEverythingAreSkipped) {
  EXPECT_EQ(parsed("  host = a   port=  5 "), (Pairs{{"host", "a"}, {"port", "5"}}));
}

TEST(ConnectionString, QuotedValueMayHoldBlanksAndDoubledQuotes) {
  EXPECT_EQ(parsed("password='a ''b'' = c' x=1"), (Pairs{{"password", "a 'b' = c"}, {"x", "1"}}));
}

TEST(ConnectionString, UnquotedValueRunsToTheNextBlank) {
  EXPECT_EQ(parsed("a=b=c'd\"e x=\\n"), (Pairs{{"a", "b=c'd\"e"}, {"x", "\\n"}}));
}

TEST(ConnectionString, TabDoesNotSeparate) { EXPECT_EQ(parsed("a=1\tb=2"), (Pairs{{"a", "1\tb=2"}})); }

TEST(ConnectionString, EmptyValuesAreErrors) {
  EXPECT_TRUE(refused("password="));
  EXPECT_TRUE(refused("password=''"));
  EXPECT_TRUE(refused("password= "));
}

TEST(ConnectionString, OneByteBehindAClosingQuoteIsSwallowed) {
  EXPECT_EQ(parsed("password='abc'user=x"), (Pairs{{"password", "abc"}, {"ser", "x"}}));
  EXPECT_EQ(parsed("password='abc',user=x"), (Pairs{{"password", "abc"}, {"user", "x"}}));
}

TEST(ConnectionString, MissingPartsAreErrors) {
  EXPECT_TRUE(refused("host"));
  EXPECT_TRUE(refused("host a"));
  EXPECT_TRUE(refused("=a"));
  EXPECT_TRUE(refused("password='abc"));
  EXPECT_TRUE(refused("password='abc''"));
}

TEST(ConnectionString, ErrorNamesTheKeyAndNotTheValue) {
  const std::string message = parse_connection_string("password='secret").error().message;
  EXPECT_NE(message.find("password"), std::string::npos);
  EXPECT_EQ(message.find("secret"), std::string::npos);
}

TEST(ConnectionString, RepeatedKeysComeInOrder) { EXPECT_EQ(parsed("a=1 a=2"), (Pairs{{"a", "1"}, {"a", "2"}})); }

TEST(LenientInt, ReadsWhatItCanLikeAtoi) {
  EXPECT_EQ(lenient_int("12"), 12);
  EXPECT_EQ(lenient_int("12abc"), 12);
  EXPECT_EQ(lenient_int("abc"), 0);
  EXPECT_EQ(lenient_int("0.5"), 0);
  EXPECT_EQ(lenient_int("0x10"), 0);
  EXPECT_EQ(lenient_int("010"), 10);
  EXPECT_EQ(lenient_int("-3"), -3);
  EXPECT_EQ(lenient_int(" 7"), 7);
}

TEST(LenientInt, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(lenient_int("99999999999999999999"), std::numeric_limits<int>::max());
  EXPECT_EQ(lenient_int("-99999999999"), std::numeric_limits<int>::min());
}

TEST(WholeSeconds, NegativeMeansNotSet) {
  EXPECT_EQ(whole_seconds("0.5"), Micros::zero());
  EXPECT_EQ(whole_seconds("90"), Micros(std::chrono::seconds(90)));
  EXPECT_EQ(whole_seconds("-1"), std::nullopt);
}

}  // namespace
}  // namespace uvb
