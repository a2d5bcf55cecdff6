#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace uvb {

/// The users of auth_file with their secrets, in any format of settings.md 4.1. A user missing here is unknown,
/// whatever an earlier file said.
struct UserList {
  std::map<std::string, std::shared_ptr<const Secret>, std::less<>> secrets;
  /// Set when reading stopped early (`broken auth file`, ...): for the log; the users before stay usable.
  std::optional<std::string> error;
};

/// Parses the text of an auth_file (settings.md 4.1).
[[nodiscard]] UserList parse_user_list(std::string_view text);

/// Reads and parses `file`. Error: `could not open auth_file <file>: <reason>`; keep the previous list then.
Result<UserList> load_user_list(const std::string& file);

}  // namespace uvb
