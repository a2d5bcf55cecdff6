#pragma once

#include <string>

#include "base/result.h"

namespace uvb {

/// Becomes the operating system's user `name` (admin-console.md 4.5): as root also the groups are reset to the primary
/// one. Succeeds without effect when it is the current user. Call it before any thread is started.
[[nodiscard]] Status switch_user(const std::string& name);

/// `PgBouncer should not run as root` when the real user id is 0.
[[nodiscard]] Status refuse_root();

}  // namespace uvb
