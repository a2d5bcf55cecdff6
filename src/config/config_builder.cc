#include "config/config_builder.h"

#include <fmt/format.h>

#include "config/connection_string.h"
#include "config/option_check.h"
#include "config/option_table.h"
#include "config/trailing_comment.h"

namespace uvb {
namespace {

/// A value in a place where nothing is known of it may be a connection string.
std::string printable(std::string_view value) {
  return value.find('=') == std::string_view::npos ? std::string(value) : masked_connection_string(value);
}

/// PgBouncer's two sentences, a specific and the general one, with what is accepted behind.
Error invalid_value(std::string_view specific, std::string_view key, std::string_view value, const IniPlace& place,
                    std::string_view accepted = {}) {
  return {fmt::format("{}{}invalid value \"{}\" for parameter {} in configuration ({}:{}){}{}", specific,
                      specific.empty() ? "" : "\n", printable(value), key, place.file, place.line,
                      accepted.empty() ? "" : ": ", accepted)};
}

bool valid_for(const Option& option, std::string_view text) {
  Settings scratch;
  return (option.plausible == nullptr || option.plausible(text)) && set_option(scratch, option, text).ok();
}

bool valid_for(const UvbouncerOption& option, std::string_view text) {
  UvbouncerSettings scratch;
  return set_option(scratch, option, text).ok();
}

}  // namespace

ConfigBuilder::ConfigBuilder(std::string file, int verbosity) {
  config_.settings.conffile = file;
  config_.settings.verbose = verbosity;
  config_.file = std::move(file);
}

Status ConfigBuilder::section(std::string_view name, const IniPlace& place) {
  if (name == "pgbouncer") {
    main_section_seen_ = true;
    reset_settings();
    return Done{};
  }
  if (name == "databases" || name == "users" || name == "peers" || name == "uvbouncer") return Done{};
  return Error{
      fmt::format("fill_defaults fail\ninvalid section \"{}\" in configuration ({}:{}): [pgbouncer], [databases],"
                  " [users], [peers] and [uvbouncer] are known",
                  name, place.file, place.line)};
}

void ConfigBuilder::reset_settings() {
  const Settings defaults;
  for (const Option& option : options()) {
    if (!option.default_text) continue;
    copy_option(config_.settings, defaults, option);
    places_.erase(std::string(option.name));
  }
}

Status ConfigBuilder::entry(const std::string* section, std::string_view key, std::string_view value,
                            const IniPlace& place) {
  const std::string name(key);
  if (section == nullptr)
    return invalid_value(fmt::format("load_init_file: value without section: {}", key), key, value, place);
  if (*section == "pgbouncer") return pgbouncer_entry(name, value, place);
  if (*section == "uvbouncer") return uvbouncer_entry(name, value, place);
  if (*section == "databases" && key == "*") return autodb_entry(value, place), Done{};
  const auto add = [&](std::string_view text) {
    if (*section == "databases") return database_entry(name, text);
    return *section == "users" ? user_entry(name, text) : peer_entry(name, text);
  };
  const std::string_view stripped =
      strip_comment(key, value, place, [&](std::string_view text) { return add(text).ok(); });
  const Status added = add(stripped);
  return added ? added : invalid_value(added.error().message, key, value, place);
}

Status ConfigBuilder::pgbouncer_entry(const std::string& key, std::string_view value, const IniPlace& place) {
  const Option* option = find_option(key);
  if (option == nullptr) {
    const bool ours = find_uvbouncer_option(key) != nullptr;
    return invalid_value(fmt::format("unknown parameter: pgbouncer/{}", key), key, value, place,
                         ours ? "it belongs in section [uvbouncer]" : "no setting has this name");
  }
  const auto valid = [&](std::string_view text) { return valid_for(*option, text); };
  const Status set = set_option(config_.settings, *option, strip_comment(key, value, place, valid));
  if (!set) return invalid_value({}, key, value, place, set.error().message);
  places_.insert_or_assign(key, place);
  return Done{};
}

Status ConfigBuilder::uvbouncer_entry(const std::string& key, std::string_view value, const IniPlace& place) {
  const UvbouncerOption* option = find_uvbouncer_option(key);
  if (option == nullptr) {
    const bool theirs = find_option(key) != nullptr;
    return invalid_value(fmt::format("unknown parameter: uvbouncer/{}", key), key, value, place,
                         theirs ? "it belongs in section [pgbouncer]" : "no setting has this name");
  }
  const auto valid = [&](std::string_view text) { return valid_for(*option, text); };
  const Status set = set_option(config_.uvbouncer, *option, strip_comment(key, value, place, valid));
  return set ? set : invalid_value({}, key, value, place, set.error().message);
}

// Mistakes in the * line only matter once it is used, so a file with one must load (settings.md 1.8).
void ConfigBuilder::autodb_entry(std::string_view value, const IniPlace& place) {
  const auto parsed = [](std::string_view text) { return parse_database("", text); };
  config_.autodb = strip_comment("*", value, place, [&](std::string_view text) { return parsed(text).ok(); });
  const Result<DatabaseConfig> database = parsed(*config_.autodb);
  if (database) return;
  config_.warnings.push_back(
      fmt::format("* ({}:{}) cannot be used: {}", place.file, place.line, database.error().message));
}

Status ConfigBuilder::database_entry(const std::string& key, std::string_view value) {
  Result<DatabaseConfig> database = parse_database(key, value);
  if (!database) return database.error();
  config_.databases.insert_or_assign(key, std::move(*database));
  return Done{};
}

Status ConfigBuilder::user_entry(const std::string& key, std::string_view value) {
  Result<UserConfig> user = parse_user(key, value);
  if (!user) return user.error();
  const std::string name = user->name;
  config_.users.insert_or_assign(name, std::move(*user));
  return Done{};
}

Status ConfigBuilder::peer_entry(const std::string& key, std::string_view value) {
  Result<PeerConfig> peer = parse_peer(key, value);
  if (!peer) return peer.error();
  const int id = peer->id;
  config_.peers.insert_or_assign(id, std::move(*peer));
  return Done{};
}

std::string_view ConfigBuilder::strip_comment(std::string_view key, std::string_view value, const IniPlace& place,
                                              const Valid& valid) {
  const std::optional<std::string_view> shorter = without_comment(value, valid);
  if (!shorter) return value;
  config_.warnings.push_back(
      fmt::format("{} ({}:{}): what follows the value is taken for a comment; PgBouncer would refuse"
                  " this line",
                  key, place.file, place.line));
  return *shorter;
}

Result<Config> ConfigBuilder::finish() {
  if (!main_section_seen_) return Error{"load_init_file: main section missing from config file"};
  if (const std::optional<OptionProblem> problem = find_problem(config_.settings)) {
    const IniPlace& place = places_.find(problem->option)->second;
    const std::optional<std::string> value = show_option(config_.settings, *find_option(problem->option));
    return invalid_value(problem->message, problem->option, value.value_or(""), place);
  }
  for (std::string& warning : inert_warnings(config_)) config_.warnings.push_back(std::move(warning));
  return std::move(config_);
}

}  // namespace uvb
