#include "transport/certificate_names.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/x509v3.h>
#include <strings.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "transport/openssl.h"

namespace uvb {

namespace {

enum class Match { yes, no, forged };

/// A name as a certificate can carry it: 4 or 16 bytes of address, or none for a DNS name.
struct Address {
  std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
  std::size_t size = 0;
};

Address parse_address(const std::string& name) {
  Address address;
  if (::inet_pton(AF_INET, name.c_str(), address.bytes.data()) == 1)
    address.size = sizeof(in_addr);
  else if (::inet_pton(AF_INET6, name.c_str(), address.bytes.data()) == 1)
    address.size = sizeof(in6_addr);
  return address;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

std::string_view text_of(const ASN1_STRING* string) {
  return as_text({ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))});
}

Match match_dns_entry(const ASN1_IA5STRING* entry, const std::string& name) {
  const std::string_view text = text_of(entry);
  // A NUL would let "good.example\0.evil.example" pass as its beginning; a single blank is what RFC 5280 4.2.1.6
  // forbids.
  if (text.find('\0') != std::string_view::npos || text == " ") return Match::forged;
  return dns_name_matches(text, name) ? Match::yes : Match::no;
}

Match match_entry(const GENERAL_NAME* entry, const std::string& name, const Address& address) {
  if (entry->type == GEN_DNS && address.size == 0) return match_dns_entry(entry->d.dNSName, name);
  if (entry->type != GEN_IPADD || address.size == 0) return Match::no;
  const std::string_view bytes = text_of(entry->d.iPAddress);
  const bool same = bytes.size() == address.size && std::memcmp(bytes.data(), address.bytes.data(), address.size) == 0;
  return same ? Match::yes : Match::no;
}

Match match_alternative_names(const X509* certificate, const std::string& name, const Address& address) {
  const OpenSslPtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return Match::no;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const Match match = match_entry(sk_GENERAL_NAME_value(names.get(), i), name, address);
    if (match != Match::no) return match;
  }
  return Match::no;
}

Match match_common_name(const X509* certificate, const std::string& name, const Address& address) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return Match::no;
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (length < 0) return Match::forged;
  const std::string text(as_text({utf8, static_cast<std::size_t>(length)}));
  OPENSSL_free(utf8);
  if (text.find('\0') != std::string::npos) return Match::forged;
  const bool same = address.size > 0 ? text == name : dns_name_matches(text, name);
  return same ? Match::yes : Match::no;
}

}  // namespace

bool is_ip_literal(const std::string& name) { return parse_address(name).size > 0; }

bool dns_name_matches(std::string_view pattern, std::string_view name) {
  if (name.empty() || pattern.empty()) return false;
  if (equal_ignoring_case(pattern, name)) return true;
  if (!pattern.starts_with("*.")) return false;
  const std::string_view rest = pattern.substr(1);
  if (rest.size() < 2 || rest[1] == '.' || rest.find('.', 1) == std::string_view::npos) return false;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot > 0 && equal_ignoring_case(rest, name.substr(dot));
}

bool certificate_names(const X509* certificate, const std::string& name) {
  const Address address = parse_address(name);
  const Match match = match_alternative_names(certificate, name, address);
  if (match != Match::no) return match == Match::yes;
  return match_common_name(certificate, name, address) == Match::yes;
}

}  // namespace uvb
