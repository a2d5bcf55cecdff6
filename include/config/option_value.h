#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

namespace uvb {

/// Reading and showing values by type (settings.md 1.5). Errors say what is accepted, as a clause to follow a colon.

/// C integer constants: decimal, 0x hexadecimal, 0 octal. Too large ones lose their upper bits, as in PgBouncer.
Result<int> parse_int(std::string_view text);
Result<std::uint32_t> parse_unsigned(std::string_view text);
/// An integer; anything but 0 is true.
Result<bool> parse_bool(std::string_view text);
/// Seconds, fractions and exponents allowed, at most kMaxSeconds; no infinity, no units.
Result<Micros> parse_seconds(std::string_view text);
/// Leaves room to add a timeout to any time without overflow.
inline constexpr double kMaxSeconds = 1e12;

/// `text` in any case as an index into `words`.
Result<std::size_t> parse_word(std::string_view text, std::span<const std::string_view> words);

/// Seconds with six significant digits, as printf's %g.
[[nodiscard]] std::string show_seconds(Micros value);

/// Words of an enum, in the order of its enumerators.
template <class Enum>
[[nodiscard]] std::span<const std::string_view> words_of();

}  // namespace uvb
