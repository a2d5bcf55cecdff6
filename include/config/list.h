#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uvb {

/// Items of a name list separated by commas or blanks, empty ones dropped: admin_users, stats_users,
/// ignore_startup_parameters (settings.md 3).
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

/// Items separated by commas only, blanks around each trimmed, empty ones dropped: listen_addr, track_extra_parameters,
/// host lists.
[[nodiscard]] std::vector<std::string> split_commas(std::string_view text);

/// Whether `name` is an item of split_list(text), compared exactly.
[[nodiscard]] bool list_contains(std::string_view text, std::string_view name);

}  // namespace uvb
