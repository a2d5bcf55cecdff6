#include "config/plausible.h"

#include <gtest/gtest.h>

#include "config/trailing_comment.h"

namespace uvb {
namespace {

TEST(Plausible, TlsProtocolsAreListsOfVersions) {
  for (const char* text :
       {"", "secure", "ALL", "default", "tlsv1.2,tlsv1.3", "tlsv1.2: tlsv1.3", "!tlsv1.0", "tlsv1"}) {
    EXPECT_TRUE(plausible_tls_protocols(text)) << text;
  }
  for (const char* text : {"legacy", "secure  # TLS 1.2 and 1.3 only", "tlsv1.2 ,tlsv1.3", "sslv3"}) {
    EXPECT_FALSE(plausible_tls_protocols(text)) << text;
  }
}

TEST(Plausible, TlsCiphersHaveNoComments) {
  EXPECT_TRUE(plausible_tls_ciphers("HIGH:!aNULL:@STRENGTH"));
  EXPECT_TRUE(plausible_tls_ciphers("ECDHE-RSA-AES256-GCM-SHA384;AES128-SHA"));
  EXPECT_FALSE(plausible_tls_ciphers("default # OpenSSL's"));
  EXPECT_FALSE(plausible_tls_ciphers("HIGH ; strong ones"));
}

TEST(TrailingComment, IsOnlyCutWhenTheValueIsInvalidWithIt) {
  const auto is_word = [](std::string_view text) { return !text.empty() && plausible_word(text); };
  EXPECT_EQ(without_comment("25", is_word), std::nullopt);
  EXPECT_EQ(without_comment("25#x", is_word), std::nullopt);
  EXPECT_EQ(without_comment("25 \t # Connections per user", is_word), "25");
  EXPECT_EQ(without_comment("25 ; a # b", is_word), "25");
  EXPECT_EQ(without_comment("25 26 # b", is_word), std::nullopt);
  EXPECT_EQ(without_comment("# b", is_word), std::nullopt);
}

TEST(TrailingComment, FirstCutThatMakesSenseIsTaken) {
  const auto ends_quoted = [](std::string_view text) { return text.ends_with("'"); };
  EXPECT_EQ(without_comment("password='a # b' # c", ends_quoted), "password='a # b'");
}

}  // namespace
}  // namespace uvb
