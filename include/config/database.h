#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "config/pool_mode.h"

namespace uvb {

enum class LoadBalanceHosts : std::uint8_t { round_robin, disable };

/// One line of `[databases]` (settings.md 1.8). Unset and negative values mean "inherit"; config/snapshot.h resolves
/// them.
struct DatabaseConfig {
  std::string name;                 ///< what clients ask for
  std::string dbname;               ///< what the server is asked for
  std::optional<std::string> host;  ///< as written; unset: the Unix socket in unix_socket_dir. See hosts()
  int port = 5432;
  std::optional<std::string> user;         ///< forced user
  std::shared_ptr<const Secret> password;  ///< of the forced user, any format of settings.md 4.1; null when not given
  std::optional<std::string> auth_user;
  std::optional<std::string> auth_query;
  std::optional<std::string> auth_dbname;
  int pool_size = -1;                        ///< 0: unlimited; negative: inherit
  int min_pool_size = -1;                    ///< negative: inherit
  int reserve_pool_size = -1;                ///< negative: inherit
  int max_db_connections = -1;               ///< <= 0: inherit
  int max_db_client_connections = -1;        ///< <= 0: inherit
  Micros server_lifetime{};                  ///< 0: inherit
  std::optional<Micros> query_wait_timeout;  ///< unset: inherit; 0: off
  std::optional<PoolMode> pool_mode;
  LoadBalanceHosts load_balance_hosts = LoadBalanceHosts::round_robin;
  std::optional<std::string> connect_query;
  /// client_encoding, datestyle, timezone, application_name as far as given, for the server's StartupMessage.
  std::vector<std::pair<std::string, std::string>> startup_parameters;

  /// The elements of `host`, in order, blanks trimmed and empty ones dropped; empty when `host` is unset.
  [[nodiscard]] std::vector<std::string> hosts() const;

  /// Whether clients of any name log in to the server as `login`, with this line's password.
  [[nodiscard]] bool forces(std::string_view login) const { return user && *user == login; }

  /// Whether servers opened under `other` must be replaced (settings.md 1.8, column "recycles").
  [[nodiscard]] bool needs_recycle(const DatabaseConfig& other) const;
};

/// Parses a line of `[databases]`. Errors begin with PgBouncer's sentence.
Result<DatabaseConfig> parse_database(std::string_view name, std::string_view connection_string);

}  // namespace uvb
