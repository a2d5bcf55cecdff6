#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

/// PostgreSQL's MD5 password scheme (protocol chapter "Message Flow", AuthenticationMD5Password). All of it answers
/// nullopt where OpenSSL has no MD5, as in FIPS mode.
namespace uvb {

using Md5Salt = std::array<std::uint8_t, 4>;

/// Exactly "md5" and 32 lower-case hex digits (settings.md 4.1).
bool is_md5_hash(std::string_view text) noexcept;

/// "md5" + md5(password + user): what is stored.
std::optional<Secret> md5_hash(std::string_view user, std::string_view password);

/// "md5" + md5(hex of the stored hash + salt): what is sent. `hash` must be is_md5_hash().
std::optional<Secret> md5_response(std::string_view hash, ByteView salt);

}  // namespace uvb
