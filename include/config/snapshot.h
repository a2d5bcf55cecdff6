#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/database.h"
#include "config/peer.h"
#include "config/settings.h"
#include "config/user.h"

namespace uvb {

/// The whole configuration at one moment. Immutable once built: share it as std::shared_ptr<const Config>; any thread.
struct Config {
  Settings settings;
  UvbouncerSettings uvbouncer;
  std::map<std::string, DatabaseConfig, std::less<>> databases;
  std::optional<std::string> autodb;  ///< connection string of the `*` line
  std::map<std::string, UserConfig, std::less<>> users;
  std::map<int, PeerConfig> peers;
  std::string file;                   ///< which file this was read from
  std::vector<std::string> warnings;  ///< for the log; what an operator should know, load succeeded nevertheless
};

/// Database `name` as listed, else made from the `*` line. Error `no such database: <name>` when neither works, with
/// the
/// `*` line's mistake behind it if that is the reason.
Result<DatabaseConfig> find_database(const Config& config, const std::string& name);

/// How a pool behaves: settings.md 1.11 resolved. Field for field what the ledger's PoolRules want.
struct EffectivePool {
  PoolMode mode = PoolMode::session;
  int pool_size = 20;  ///< <= 0: unlimited
  int reserve_pool_size = 0;
  int min_pool_size = 0;
  int max_db_connections = 0;    ///< <= 0: unlimited
  int max_user_connections = 0;  ///< <= 0: unlimited
  Micros reserve_pool_timeout{};
  Micros server_lifetime{};
  Micros server_idle_timeout{};
  Micros server_check_delay{};
  Micros server_login_retry{};
  bool check_query = false;
  bool round_robin = false;
  bool fast_close = false;
  bool forced_user = false;
};
/// `pool_user`: whom servers know, i.e. the forced user if the database has one.
[[nodiscard]] EffectivePool effective_pool(const Config& config, const DatabaseConfig& database,
                                           std::string_view pool_user);

/// Timeouts of a session; zero is "off" in all of them (settings.md 1.9, 1.11).
struct EffectiveTimeouts {
  Micros query_timeout{};
  Micros idle_transaction_timeout{};
  Micros transaction_timeout{};
  Micros query_wait_timeout{};
  Micros client_idle_timeout{};
};
[[nodiscard]] EffectiveTimeouts effective_timeouts(const Config& config, const DatabaseConfig& database,
                                                   std::string_view pool_user, std::string_view login_user);

/// Caps on client connections; <= 0 is unlimited.
[[nodiscard]] int max_db_client_connections(const Config& config, const DatabaseConfig& database);
[[nodiscard]] int max_user_client_connections(const Config& config, std::string_view login_user);
[[nodiscard]] int max_user_connections(const Config& config, std::string_view pool_user);
[[nodiscard]] int max_db_connections(const Config& config, const DatabaseConfig& database);

/// Who runs the auth query, which, and in which database entry; nullopt: nobody, resp. the client's own entry.
[[nodiscard]] std::optional<std::string> auth_user(const Config& config, const DatabaseConfig& database);
[[nodiscard]] const std::string& auth_query(const Config& config, const DatabaseConfig& database);
[[nodiscard]] std::optional<std::string> auth_dbname(const Config& config, const DatabaseConfig& database);

}  // namespace uvb
