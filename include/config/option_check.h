#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/snapshot.h"

namespace uvb {

/// A value that its own type allows and this program does not.
struct OptionProblem {
  std::string_view option;
  std::string message;
};

/// The first such value, if any: auth types not built yet, the console as auth_dbname.
[[nodiscard]] std::optional<OptionProblem> find_problem(const Settings& settings);

/// `<setting> has no effect yet in this version` for everything set that nothing acts on.
[[nodiscard]] std::vector<std::string> inert_warnings(const Config& config);

/// What is logged when RELOAD or SET would change a setting that only a restart changes; `value` is the one in force.
[[nodiscard]] std::string restart_warning(std::string_view option, const std::optional<std::string>& value);

}  // namespace uvb
