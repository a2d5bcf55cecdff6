#include "transport/tls_protocols.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "transport/openssl.h"

namespace uvb {
namespace {

/// Names of the versions that OpenSSL is left with, lowest first.
std::string enabled(const char* text) {
  const std::optional<TlsProtocols> protocols = TlsProtocols::parse(text);
  if (!protocols) return "invalid";
  const OpenSslPtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  protocols->apply(context.get());
  const std::uint64_t options = SSL_CTX_get_options(context.get());
  const auto lowest = SSL_CTX_get_min_proto_version(context.get());
  const auto highest = SSL_CTX_get_max_proto_version(context.get());
  std::string result;
  const auto add = [&](int version, std::uint64_t mask, const char* name) {
    if (version >= lowest && version <= highest && (options & mask) == 0) result += name;
  };
  add(TLS1_VERSION, SSL_OP_NO_TLSv1, "0");
  add(TLS1_1_VERSION, SSL_OP_NO_TLSv1_1, "1");
  add(TLS1_2_VERSION, SSL_OP_NO_TLSv1_2, "2");
  add(TLS1_3_VERSION, SSL_OP_NO_TLSv1_3, "3");
  return result;
}

TEST(TlsProtocols, NamesInAnyCase) {
  EXPECT_EQ(enabled("tlsv1.0"), "0");
  EXPECT_EQ(enabled("TLSv1.1"), "1");
  EXPECT_EQ(enabled("tlsv1.2,tlsv1.3"), "23");
  EXPECT_EQ(enabled("tlsv1.2:TLSV1.3"), "23");
  EXPECT_EQ(enabled("tlsv1"), "0123");
  EXPECT_EQ(enabled("ALL"), "0123");
  EXPECT_EQ(enabled("secure"), "23");
  EXPECT_EQ(enabled("default"), "23");
}

TEST(TlsProtocols, EmptyTextIsSecure) { EXPECT_EQ(enabled(""), "23"); }

TEST(TlsProtocols, HolesAreMasked) {
  EXPECT_EQ(enabled("tlsv1.0,tlsv1.3"), "03");
  EXPECT_EQ(enabled("all,!tlsv1.1"), "023");
}

TEST(TlsProtocols, TakingAwayFirstStartsFromAll) {
  EXPECT_EQ(enabled("!tlsv1.0"), "123");
  EXPECT_EQ(enabled("!tlsv1.0:!tlsv1.1"), "23");
  EXPECT_EQ(enabled("tlsv1.2,!tlsv1.3"), "2");
}

TEST(TlsProtocols, BlanksMayComeBeforeANameButNotBehindIt) {
  EXPECT_EQ(enabled("tlsv1.2, tlsv1.3"), "23");
  EXPECT_EQ(enabled("  tlsv1.2"), "2");
  EXPECT_EQ(enabled("tlsv1.2 ,tlsv1.3"), "invalid");
}

TEST(TlsProtocols, UnknownNamesAndEmptySetsAreInvalid) {
  for (const char* text :
       {"legacy", "tlsv1.4", "sslv3", "tlsv1.2,", ",", "!", "!all", "tlsv1.2,!tlsv1.2", "tlsv1.2 tlsv1.3"}) {
    EXPECT_EQ(enabled(text), "invalid") << text;
  }
}

TEST(TlsProtocols, KnowsWhetherTls13IsIn) {
  EXPECT_TRUE(TlsProtocols::parse("secure")->has_tls13());
  EXPECT_FALSE(TlsProtocols::parse("tlsv1.2")->has_tls13());
}

}  // namespace
}  // namespace uvb
