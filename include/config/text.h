#pragma once

#include <string>
#include <string_view>

namespace uvb {

/// ASCII only, whatever the locale: configuration files mean the same everywhere (settings.md 1.2).
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
constexpr bool is_space(char c) noexcept { return is_blank(c) || (c >= '\n' && c <= '\r'); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool is_alnum(char c) noexcept { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z'); }

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
/// Without white space at the end, resp. at the start.
[[nodiscard]] std::string_view trim_right(std::string_view text) noexcept;
[[nodiscard]] std::string_view trim_left(std::string_view text) noexcept;

}  // namespace uvb
