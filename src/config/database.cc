#include "config/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/console_name.h"
#include "config/connection_string.h"
#include "config/list.h"
#include "config/option_table.h"
#include "config/text.h"

namespace uvb {
namespace {

constexpr std::size_t kMaxDatabaseName = 63;
constexpr std::array<std::string_view, 4> kStartupParameters = {"client_encoding", "datestyle", "timezone",
                                                                "application_name"};

struct IntKey {
  std::string_view name;
  int DatabaseConfig::*member;
};
constexpr IntKey kIntKeys[] = {
    {"pool_size", &DatabaseConfig::pool_size},
    {"min_pool_size", &DatabaseConfig::min_pool_size},
    {"reserve_pool_size", &DatabaseConfig::reserve_pool_size},
    {"reserve_pool", &DatabaseConfig::reserve_pool_size},
    {"max_db_connections", &DatabaseConfig::max_db_connections},
    {"max_db_client_connections", &DatabaseConfig::max_db_client_connections},
};

struct TextKey {
  std::string_view name;
  std::optional<std::string> DatabaseConfig::*member;
};
constexpr TextKey kTextKeys[] = {
    {"host", &DatabaseConfig::host},
    {"user", &DatabaseConfig::user},
    {"auth_user", &DatabaseConfig::auth_user},
    {"auth_query", &DatabaseConfig::auth_query},
    {"auth_dbname", &DatabaseConfig::auth_dbname},
    {"connect_query", &DatabaseConfig::connect_query},
};

void set_startup_parameter(DatabaseConfig& database, const std::string& key, const std::string& value) {
  auto& all = database.startup_parameters;
  const auto known = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.first == key; });
  if (known != all.end()) {
    known->second = value;
  } else {
    all.emplace_back(key, value);
  }
}

bool set_plain_key(DatabaseConfig& database, const std::string& key, const std::string& value) {
  for (const IntKey& row : kIntKeys) {
    if (row.name == key) return database.*row.member = lenient_int(value), true;
  }
  for (const TextKey& row : kTextKeys) {
    if (row.name == key) return database.*row.member = value, true;
  }
  if (std::find(kStartupParameters.begin(), kStartupParameters.end(), key) == kStartupParameters.end()) return false;
  set_startup_parameter(database, key, value);
  return true;
}

Status set_port(DatabaseConfig& database, const std::string& value) {
  database.port = lenient_int(value);
  if (database.port == 0) return Error{fmt::format("invalid port: {}", value)};
  return Done{};
}

Status set_pool_mode(DatabaseConfig& database, const std::string& value) {
  database.pool_mode = pool_mode_of(value);
  if (!database.pool_mode) return Error{fmt::format("invalid pool mode: {}", value)};
  return Done{};
}

Status set_load_balance_hosts(DatabaseConfig& database, const std::string& value) {
  if (equal_ignoring_case(value, "round-robin")) {
    database.load_balance_hosts = LoadBalanceHosts::round_robin;
  } else if (equal_ignoring_case(value, "disable")) {
    database.load_balance_hosts = LoadBalanceHosts::disable;
  } else {
    return Error{fmt::format("invalid load_balance_hosts: {}", value)};
  }
  return Done{};
}

Status set_key(DatabaseConfig& database, const std::string& key, const std::string& value) {
  if (set_plain_key(database, key, value)) return Done{};
  if (key == "port") return set_port(database, value);
  if (key == "pool_mode") return set_pool_mode(database, value);
  if (key == "load_balance_hosts") return set_load_balance_hosts(database, value);
  if (key == "dbname") {
    database.dbname = value;
  } else if (key == "password") {
    database.password = std::make_shared<const Secret>(value);
  } else if (key == "server_lifetime") {
    database.server_lifetime = whole_seconds(value).value_or(Micros::zero());
  } else if (key == "query_wait_timeout") {
    database.query_wait_timeout = whole_seconds(value);
  } else {
    return Error{fmt::format("unrecognized connection parameter: {}", key)};
  }
  return Done{};
}

}  // namespace

std::vector<std::string> DatabaseConfig::hosts() const {
  return host ? split_commas(*host) : std::vector<std::string>{};
}

bool DatabaseConfig::needs_recycle(const DatabaseConfig& other) const {
  return dbname != other.dbname || host != other.host || port != other.port || user != other.user ||
         auth_query != other.auth_query || auth_dbname != other.auth_dbname ||
         load_balance_hosts != other.load_balance_hosts || connect_query != other.connect_query;
}

Result<DatabaseConfig> parse_database(std::string_view name, std::string_view connection_string) {
  if (name == kConsoleName) return Error{"database name \"pgbouncer\" is reserved"};
  if (name.size() > kMaxDatabaseName) {
    return Error{fmt::format("too long db name: {}\ncannot create database, no memory?", name)};
  }
  const auto pairs = parse_connection_string(connection_string);
  if (!pairs) return Error{"syntax error in connection string: " + pairs.error().message};
  DatabaseConfig database;
  database.name = database.dbname = name;
  for (const auto& [key, value] : *pairs) {
    const Status set = set_key(database, key, value);
    if (!set) return set.error();
  }
  return database;
}

}  // namespace uvb
