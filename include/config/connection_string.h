#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace uvb {

/// One `key=value` of a connection string, value unquoted.
using ConnectionPair = std::pair<std::string, std::string>;

/// The grammar of settings.md 1.8, which [databases], [users] and [peers] share: pairs in the order written.
/// The error only says where and why; the caller puts PgBouncer's sentence in front.
Result<std::vector<ConnectionPair>> parse_connection_string(std::string_view text);

/// The string as it may be logged, whatever is wrong with it: its keys, for a password can stand behind any of them.
[[nodiscard]] std::string masked_connection_string(std::string_view text);

/// C's atoi, as numbers in connection strings are read: leading digits count, anything else is 0. Saturates at int's
/// limits.
[[nodiscard]] int lenient_int(std::string_view text);

/// The times of connection strings: whole seconds. Nullopt for negative ones, which mean "not set".
[[nodiscard]] std::optional<Micros> whole_seconds(std::string_view text);

}  // namespace uvb
