#include "transport/tls_protocols.h"

#include <openssl/ssl.h>
#include <strings.h>

#include <array>

namespace uvb {

namespace {

struct Version {
  unsigned bit;
  int number;
  std::uint64_t mask_option;
};

constexpr std::array kVersions{
    Version{1, TLS1_VERSION, SSL_OP_NO_TLSv1},
    Version{2, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
    Version{4, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
    Version{8, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
};
constexpr unsigned kTls13 = 8;
constexpr unsigned kSecure = 4 | kTls13;
constexpr unsigned kAll = 15;

struct Name {
  std::string_view text;
  unsigned bits;
};

constexpr std::array kNames{
    Name{"tlsv1.0", 1},  Name{"tlsv1.1", 2}, Name{"tlsv1.2", 4},      Name{"tlsv1.3", kTls13},
    Name{"tlsv1", kAll}, Name{"all", kAll},  Name{"secure", kSecure}, Name{"default", kSecure},
};

unsigned bits_of(std::string_view name) {
  for (const Name& known : kNames) {
    if (known.text.size() == name.size() && ::strncasecmp(known.text.data(), name.data(), name.size()) == 0)
      return known.bits;
  }
  return 0;
}

std::string_view without_leading_blanks(std::string_view item) {
  const std::size_t start = item.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view{} : item.substr(start);
}

/// False when the item is no name. `bits` is empty before the first item only.
bool apply_item(std::string_view item, std::optional<unsigned>& bits) {
  const bool remove = item.starts_with('!');
  const unsigned named = bits_of(remove ? item.substr(1) : item);
  if (named == 0) return false;
  bits = remove ? (bits.value_or(kAll) & ~named) : (bits.value_or(0) | named);
  return true;
}

}  // namespace

std::optional<TlsProtocols> TlsProtocols::parse(std::string_view text) {
  if (text.empty()) return TlsProtocols(kSecure);
  std::optional<unsigned> bits;
  while (true) {
    const std::size_t end = text.find_first_of(",:");
    if (!apply_item(without_leading_blanks(text.substr(0, end)), bits)) return std::nullopt;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (bits == 0U) return std::nullopt;
  return TlsProtocols(*bits);
}

bool TlsProtocols::has_tls13() const noexcept { return (bits_ & kTls13) != 0; }

void TlsProtocols::apply(SSL_CTX* context) const {
  int lowest = 0;
  int highest = 0;
  for (const Version& version : kVersions) {
    if ((bits_ & version.bit) == 0) {
      SSL_CTX_set_options(context, version.mask_option);
      continue;
    }
    if (lowest == 0) lowest = version.number;
    highest = version.number;
  }
  SSL_CTX_set_min_proto_version(context, lowest);
  SSL_CTX_set_max_proto_version(context, highest);
}

}  // namespace uvb
