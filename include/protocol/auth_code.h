#pragma once

#include <cstdint>

namespace uvb {

/// The first field of an 'R' message (PostgreSQL protocol, "Message Formats", AuthenticationOk and following). A server
/// may send others.
enum class AuthCode : std::uint32_t {
  ok = 0,
  cleartext = 3,
  md5 = 5,
  sasl = 10,
  sasl_continue = 11,
  sasl_final = 12,
};

}  // namespace uvb
