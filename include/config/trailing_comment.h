#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace uvb {

/// `value` without the comment behind it, if only that makes it valid: `25  # per user` where a number is wanted.
/// Nullopt when `value` is valid as it stands (then a # in it is part of it), or stays invalid. A comment starts with #
/// or ; after a blank. PgBouncer has no such comments and refuses these values (design.md 5).
[[nodiscard]] std::optional<std::string_view> without_comment(std::string_view value,
                                                              const std::function<bool(std::string_view)>& valid);

}  // namespace uvb
