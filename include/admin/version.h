#pragma once

#include <string_view>

namespace uvb {

/// The PgBouncer release whose console, log and texts this program keeps to; tools match on it.
inline constexpr std::string_view kCompatVersion = "1.25.2";
/// SHOW VERSION, and the first line of `-V`.
inline constexpr std::string_view kVersionText = "PgBouncer 1.25.2 (uvbouncer 0.1.0)";

}  // namespace uvb
