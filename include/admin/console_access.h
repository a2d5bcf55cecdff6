#pragma once

#include <cstdint>
#include <string_view>

namespace uvb {

/// What a console session may do: everything, or only SHOW (and SETs without effect).
enum class ConsoleRole : std::uint8_t { none, stats, admin };

/// The role of `user` by the lists admin_users and stats_users; a name in both is admin. `none` is FATAL `not allowed`.
[[nodiscard]] ConsoleRole console_role(std::string_view user, std::string_view admin_users,
                                       std::string_view stats_users);

}  // namespace uvb
