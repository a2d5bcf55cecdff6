#include "config/snapshot.h"

#include <fmt/format.h>

namespace uvb {
namespace {

const UserConfig& user_of(const Config& config, std::string_view name) {
  static const UserConfig kInheritsAll;
  const auto user = config.users.find(name);
  return user == config.users.end() ? kInheritsAll : user->second;
}

int first_set(int specific, int less_specific, int global) {
  if (specific >= 0) return specific;
  return less_specific >= 0 ? less_specific : global;
}

int cap(int specific, int global) { return specific > 0 ? specific : global; }
Micros timeout(Micros specific, Micros global) { return specific > Micros::zero() ? specific : global; }

}  // namespace

Result<DatabaseConfig> find_database(const Config& config, const std::string& name) {
  const auto listed = config.databases.find(name);
  if (listed != config.databases.end()) return listed->second;
  if (!config.autodb) return Error{fmt::format("no such database: {}", name)};
  Result<DatabaseConfig> made = parse_database(name, *config.autodb);
  if (!made) return Error{fmt::format("no such database: {} (the * line: {})", name, made.error().message)};
  return made;
}

EffectivePool effective_pool(const Config& config, const DatabaseConfig& database, std::string_view pool_user) {
  const Settings& global = config.settings;
  const UserConfig& user = user_of(config, pool_user);
  EffectivePool pool;
  pool.mode = user.pool_mode.value_or(database.pool_mode.value_or(global.pool_mode));
  pool.pool_size = first_set(user.pool_size, database.pool_size, global.default_pool_size);
  pool.reserve_pool_size = first_set(user.reserve_pool_size, database.reserve_pool_size, global.reserve_pool_size);
  pool.min_pool_size = first_set(-1, database.min_pool_size, global.min_pool_size);
  pool.max_db_connections = max_db_connections(config, database);
  pool.max_user_connections = max_user_connections(config, pool_user);
  pool.reserve_pool_timeout = global.reserve_pool_timeout;
  pool.server_lifetime = timeout(database.server_lifetime, global.server_lifetime);
  pool.server_idle_timeout = global.server_idle_timeout;
  pool.server_check_delay = global.server_check_delay;
  pool.server_login_retry = global.server_login_retry;
  pool.check_query = !global.server_check_query.empty();
  pool.round_robin = global.server_round_robin;
  pool.fast_close = global.server_fast_close;
  pool.forced_user = database.forces(pool_user);
  return pool;
}

EffectiveTimeouts effective_timeouts(const Config& config, const DatabaseConfig& database, std::string_view pool_user,
                                     std::string_view login_user) {
  const Settings& global = config.settings;
  const UserConfig& pool = user_of(config, pool_user);
  const UserConfig& login = user_of(config, login_user);
  EffectiveTimeouts timeouts;
  timeouts.query_timeout = timeout(pool.query_timeout, global.query_timeout);
  timeouts.idle_transaction_timeout = timeout(pool.idle_transaction_timeout, global.idle_transaction_timeout);
  timeouts.transaction_timeout = timeout(pool.transaction_timeout, global.transaction_timeout);
  timeouts.client_idle_timeout = timeout(login.client_idle_timeout, global.client_idle_timeout);
  timeouts.query_wait_timeout =
      login.query_wait_timeout.value_or(database.query_wait_timeout.value_or(global.query_wait_timeout));
  return timeouts;
}

int max_db_client_connections(const Config& config, const DatabaseConfig& database) {
  return cap(database.max_db_client_connections, config.settings.max_db_client_connections);
}

int max_user_client_connections(const Config& config, std::string_view login_user) {
  return cap(user_of(config, login_user).max_user_client_connections, config.settings.max_user_client_connections);
}

int max_user_connections(const Config& config, std::string_view pool_user) {
  return cap(user_of(config, pool_user).max_user_connections, config.settings.max_user_connections);
}

int max_db_connections(const Config& config, const DatabaseConfig& database) {
  return cap(database.max_db_connections, config.settings.max_db_connections);
}

std::optional<std::string> auth_user(const Config& config, const DatabaseConfig& database) {
  return database.auth_user ? database.auth_user : config.settings.auth_user;
}

const std::string& auth_query(const Config& config, const DatabaseConfig& database) {
  return database.auth_query ? *database.auth_query : config.settings.auth_query;
}

std::optional<std::string> auth_dbname(const Config& config, const DatabaseConfig& database) {
  return database.auth_dbname ? database.auth_dbname : config.settings.auth_dbname;
}

}  // namespace uvb
