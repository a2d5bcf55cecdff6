#pragma once

#include <string_view>

namespace uvb {

/// The virtual database of the console, its pool's user, and the name of the "own user" (admin-console.md 1.1, 1.2).
inline constexpr std::string_view kConsoleName = "pgbouncer";

}  // namespace uvb
