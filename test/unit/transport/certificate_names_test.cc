#include "transport/certificate_names.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "fakes/tls_files.h"

namespace uvb {
namespace {

using test::IssuedCertificate;

IssuedCertificate certificate(const std::string& common_name, const std::vector<std::string>& names = {}) {
  return IssuedCertificate({.common_name = common_name, .alternative_names = names}, nullptr);
}

TEST(DnsName, IsComparedWithoutRegardToCase) {
  EXPECT_TRUE(dns_name_matches("db.example.com", "DB.Example.COM"));
  EXPECT_TRUE(dns_name_matches("alice", "Alice"));
  EXPECT_FALSE(dns_name_matches("db.example.com", "db.example.org"));
  EXPECT_FALSE(dns_name_matches("db.example.com", "db.example.com.evil"));
  EXPECT_FALSE(dns_name_matches("", ""));
}

TEST(DnsName, WildcardStandsForExactlyOneLabel) {
  EXPECT_TRUE(dns_name_matches("*.example.com", "bob.example.com"));
  EXPECT_TRUE(dns_name_matches("*.EXAMPLE.com", "bob.example.COM"));
  EXPECT_FALSE(dns_name_matches("*.example.com", "example.com"));
  EXPECT_FALSE(dns_name_matches("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(dns_name_matches("*.example.com", ".example.com"));
}

TEST(DnsName, TooWideWildcardsNeverMatch) {
  EXPECT_FALSE(dns_name_matches("*", "db"));
  EXPECT_FALSE(dns_name_matches("*foo", "xfoo"));
  EXPECT_FALSE(dns_name_matches("*foo.example.com", "xfoo.example.com"));
  EXPECT_FALSE(dns_name_matches("*.tld", "db.tld"));
  EXPECT_FALSE(dns_name_matches("*..x", "a..x"));
  EXPECT_FALSE(dns_name_matches("*.", "a."));
  EXPECT_FALSE(dns_name_matches("db.*.com", "db.example.com"));
}

TEST(CertificateNames, AlternativeNamesCountBeforeTheCommonName) {
  const IssuedCertificate one = certificate("cn.example.com", {"DNS:a.example.com", "DNS:*.b.example.com"});
  EXPECT_TRUE(certificate_names(one.x509(), "a.example.com"));
  EXPECT_TRUE(certificate_names(one.x509(), "x.b.example.com"));
  EXPECT_TRUE(certificate_names(one.x509(), "cn.example.com")) << "the CommonName counts even when others exist";
  EXPECT_FALSE(certificate_names(one.x509(), "b.example.com"));
}

TEST(CertificateNames, AddressesAreComparedWithAddressesOnly) {
  const IssuedCertificate one = certificate("x", {"IP:127.0.0.1", "IP:::1", "DNS:10.0.0.1"});
  EXPECT_TRUE(certificate_names(one.x509(), "127.0.0.1"));
  EXPECT_TRUE(certificate_names(one.x509(), "::1"));
  EXPECT_TRUE(certificate_names(one.x509(), "0:0:0:0:0:0:0:1"));
  EXPECT_FALSE(certificate_names(one.x509(), "10.0.0.1"));
  EXPECT_FALSE(certificate_names(one.x509(), "127.0.0.2"));
}

TEST(CertificateNames, AddressInTheCommonNameIsComparedAsText) {
  const IssuedCertificate one = certificate("::1");
  EXPECT_TRUE(certificate_names(one.x509(), "::1"));
  EXPECT_FALSE(certificate_names(one.x509(), "0:0:0:0:0:0:0:1"));
}

TEST(CertificateNames, CommonNameMayBeAWildcardAndAUser) {
  EXPECT_TRUE(certificate_names(certificate("*.example.com").x509(), "bob.example.com"));
  EXPECT_TRUE(certificate_names(certificate("alice").x509(), "Alice"));
  EXPECT_FALSE(certificate_names(certificate("alice").x509(), "alic"));
}

TEST(CertificateNames, NulInANameIsAForgery) {
  EXPECT_FALSE(certificate_names(certificate(std::string("alice\0.evil", 11)).x509(), "alice"));
}

/// `text` as the only dNSName of a certificate whose CommonName is "cn".
bool names_with_dns_entry(const std::string& text, const std::string& name) {
  const IssuedCertificate one = certificate("cn");
  GENERAL_NAME* entry = GENERAL_NAME_new();
  ASN1_IA5STRING* string = ASN1_IA5STRING_new();
  ASN1_STRING_set(string, text.data(), static_cast<int>(text.size()));
  GENERAL_NAME_set0_value(entry, GEN_DNS, string);
  const OpenSslPtr<GENERAL_NAMES> names(GENERAL_NAMES_new());
  sk_GENERAL_NAME_push(names.get(), entry);
  X509_add1_ext_i2d(one.x509(), NID_subject_alt_name, names.get(), 0, 0);
  return certificate_names(one.x509(), name);
}

TEST(CertificateNames, ForgedDnsEntryEndsTheComparison) {
  EXPECT_TRUE(names_with_dns_entry("db.example.com", "cn"));
  EXPECT_FALSE(names_with_dns_entry(std::string("db\0.evil", 8), "cn"));
  EXPECT_FALSE(names_with_dns_entry(std::string("db\0.evil", 8), "db"));
  EXPECT_FALSE(names_with_dns_entry(" ", "cn"));
}

}  // namespace
}  // namespace uvb
