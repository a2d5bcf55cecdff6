#pragma once

#include <string_view>

namespace uvb {

/// uvbouncer's own version. configure.ac reads it from this line: the one place to change.
inline constexpr std::string_view kVersion = "0.1.0";

/// The PgBouncer release whose console, log lines and texts are followed.
inline constexpr std::string_view kPgbouncerVersion = "1.25.2";

/// First line of `-V` and the answer of SHOW VERSION (admin-console.md 2.2, 4.1); tools match its beginning.
inline constexpr std::string_view kVersionLine = "PgBouncer 1.25.2 (uvbouncer 0.1.0)";

static_assert(kVersionLine.find(kVersion) != kVersionLine.npos);
static_assert(kVersionLine.find(kPgbouncerVersion) != kVersionLine.npos);

}  // namespace uvb
