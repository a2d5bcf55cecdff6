#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace uvb {

/// RFC 4648 section 4, with padding and without line breaks.
std::string base64_encode(ByteView bytes);

/// nullopt for anything but whole groups of four of the alphabet, padding only at the end. The unused bits of a padded
/// group are not looked at, as PostgreSQL does not either.
std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace uvb
