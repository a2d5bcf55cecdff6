#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace uvb {

/// What stat() says of a file, so that it is read again only when it changed. Times to the nanosecond, so that a change
/// within a second is seen (settings.md 6, 21).
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};
/// Nullopt when the file cannot be looked at.
[[nodiscard]] std::optional<FileStamp> file_stamp(const std::string& file);

/// The users of auth_file with their secrets, in any format of settings.md 4.1. A user missing here is unknown,
/// whatever an earlier file said.
struct UserList {
  std::map<std::string, std::shared_ptr<const Secret>, std::less<>> secrets;
  std::optional<FileStamp> stamp;
  /// Set when reading stopped early (`broken auth file`, ...): for the log; the users before stay usable.
  std::optional<std::string> error;
};

/// Parses the text of an auth_file (settings.md 4.1).
[[nodiscard]] UserList parse_user_list(std::string_view text);

/// Reads and parses `file`. Error: `could not open auth_file <file>: <reason>`; keep the previous list then.
Result<UserList> load_user_list(const std::string& file);

}  // namespace uvb
