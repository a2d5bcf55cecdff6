#include "config/set_command.h"

#include <algorithm>

#include "config/option_check.h"
#include "config/option_table.h"

namespace uvb {
namespace {

bool names_tls(std::string_view key) {
  return key.find("_tls_") != std::string_view::npos || key.find("_tls13_") != std::string_view::npos;
}

/// Sets the value in `config` unless only a restart could; says which.
Result<bool> set_in(Config& config, std::string_view key, std::string_view value) {
  Config tried = config;
  const UvbouncerOption* ours = find_option(key) == nullptr ? find_uvbouncer_option(key) : nullptr;
  const Status set = ours != nullptr ? set_option(tried.uvbouncer, key, value) : set_option(tried.settings, key, value);
  if (!set) return set.error();
  if (const std::optional<OptionProblem> problem = find_problem(tried.settings)) return Error{problem->message};
  const bool reloadable = ours != nullptr ? ours->reloadable : find_option(key)->reloadable;
  if (reloadable) config = std::move(tried);
  return reloadable;
}

/// Only what this change brought: other inert settings were warned of when the file was read.
std::vector<std::string> new_warnings(const Config& before, const Config& after) {
  const std::vector<std::string> old = inert_warnings(before);
  std::vector<std::string> warnings = inert_warnings(after);
  std::erase_if(warnings,
                [&](const std::string& each) { return std::find(old.begin(), old.end(), each) != old.end(); });
  return warnings;
}

}  // namespace

Result<SetOutcome> apply_set(const Config& current, std::string_view key, std::string_view value) {
  SetOutcome outcome;
  outcome.config = current;
  const Result<bool> changed = set_in(outcome.config, key, value);
  if (!changed) return changed.error();
  outcome.restart_only = !*changed;
  outcome.tls = *changed && names_tls(key);
  outcome.config.warnings = new_warnings(current, outcome.config);
  return outcome;
}

}  // namespace uvb
