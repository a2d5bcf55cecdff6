#include "config/set_command.h"

#include <algorithm>

#include "config/option_check.h"
#include "config/option_table.h"

namespace uvb {
namespace {

bool names_tls(std::string_view key) {
  return key.find("_tls_") != std::string_view::npos || key.find("_tls13_") != std::string_view::npos;
}

/// Sets the value in `outcome.config`, or warns that only a restart could.
template <class Struct, class Row>
Status set_in(SetOutcome& outcome, Struct Config::*part, const Row& option, std::string_view value) {
  Config tried = outcome.config;
  if (const Status set = set_option(tried.*part, option.name, value); !set) return set;
  if (const std::optional<OptionProblem> problem = find_problem(tried.settings)) return Error{problem->message};
  const std::optional<std::string> before = show_option(outcome.config.*part, option);
  outcome.restart_only = !option.reloadable;
  if (option.reloadable) {
    outcome.config = std::move(tried);
  } else if (show_option(tried.*part, option) != before) {
    outcome.config.warnings.push_back(restart_warning(option.name, before));
  }
  return Done{};
}

Status set_by_name(SetOutcome& outcome, std::string_view key, std::string_view value) {
  if (const Option* option = find_option(key)) return set_in(outcome, &Config::settings, *option, value);
  if (const UvbouncerOption* option = find_uvbouncer_option(key)) {
    return set_in(outcome, &Config::uvbouncer, *option, value);
  }
  return set_option(outcome.config.settings, key, value);
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
  outcome.config.warnings.clear();
  if (const Status set = set_by_name(outcome, key, value); !set) return set.error();
  outcome.tls = !outcome.restart_only && names_tls(key);
  for (std::string& warning : new_warnings(current, outcome.config)) {
    outcome.config.warnings.push_back(std::move(warning));
  }
  return outcome;
}

}  // namespace uvb
