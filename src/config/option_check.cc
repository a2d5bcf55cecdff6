#include "config/option_check.h"

#include <fmt/format.h>

#include "base/console_name.h"
#include "config/option_table.h"

namespace uvb {
namespace {

constexpr std::string_view kNoEffect = "has no effect yet in this version";

template <class Struct, class Row>
void warn_inert(const Struct& settings, std::span<const Row> rows, std::vector<std::string>& warnings) {
  for (const Row& row : rows) {
    const std::optional<std::string> value = show_option(settings, row);
    if (row.inert && value != row.default_text) warnings.push_back(fmt::format("{} {}", row.name, kNoEffect));
  }
}

void warn_inert(const DatabaseConfig& database, std::vector<std::string>& warnings) {
  const auto warn = [&](std::string_view key, const std::optional<std::string>& value) {
    if (value) warnings.push_back(fmt::format("{} of database \"{}\" {}", key, database.name, kNoEffect));
  };
  warn("auth_user", database.auth_user);
  warn("auth_query", database.auth_query);
  warn("auth_dbname", database.auth_dbname);
}

}  // namespace

std::optional<OptionProblem> find_problem(const Settings& settings) {
  switch (settings.auth_type) {
    case AuthType::hba:
    case AuthType::pam:
    case AuthType::ldap:
      return OptionProblem{"auth_type", fmt::format("auth_type={} is not supported by this version of uvbouncer yet",
                                                    word(settings.auth_type))};
    default: break;
  }
  if (settings.auth_dbname == kConsoleName) {
    return OptionProblem{"auth_dbname", "cannot use the reserved \"pgbouncer\" database as an auth_dbname"};
  }
  return std::nullopt;
}

std::vector<std::string> inert_warnings(const Config& config) {
  std::vector<std::string> warnings;
  warn_inert(config.settings, options(), warnings);
  warn_inert(config.uvbouncer, uvbouncer_options(), warnings);
  for (const auto& [name, database] : config.databases) warn_inert(database, warnings);
  if (!config.peers.empty()) warnings.push_back(fmt::format("[peers] {}", kNoEffect));
  return warnings;
}

std::string restart_warning(std::string_view option, const std::optional<std::string>& value) {
  return fmt::format("{} changes only with a restart, keeping {}", option, value.value_or("none"));
}

}  // namespace uvb
