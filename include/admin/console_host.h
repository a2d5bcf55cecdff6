#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "config/snapshot.h"
#include "pool/ledger.h"
#include "stats/stats_history.h"

namespace uvb {

/// SHOW STATE.
enum class ProcessState : std::uint8_t { active, paused, suspended };

enum class ShutdownMode : std::uint8_t {
  immediate,         ///< leave the loop: exit 0
  wait_for_servers,  ///< PAUSE, close TCP listeners, exit when no server is left
  wait_for_clients,  ///< close TCP listeners, exit when no client is left
};

/// A database entry that clients can ask for: listed, or a live automatic one. Not the console's.
struct DatabaseInfo {
  DatabaseConfig config;
  bool paused = false;
  bool disabled = false;
};

enum class SetResult : std::uint8_t {
  done,         ///< in force, or accepted without effect (restart-only)
  failed,       ///< unknown key or bad value; the host has logged why
  tls_refused,  ///< the value is in force, the TLS contexts are still the old ones
};

/// All that console commands need of the process, implemented by control/. Control thread. The console checks rights,
/// states and names before it acts; actions only carry out. "All databases" is an empty database name.
class ConsoleHost {
 public:
  virtual ~ConsoleHost() = default;

  // --- what there is -------------------------------------------------------------------------------------------------
  [[nodiscard]] virtual std::shared_ptr<const Config> config() const = 0;
  /// Listed databases and live automatic ones, any order.
  [[nodiscard]] virtual std::vector<DatabaseInfo> databases() const = 0;
  /// Names of all known users (auth_file, [users], forced ones), any order; `pgbouncer` need not be among them.
  [[nodiscard]] virtual std::vector<std::string> users() const = 0;
  [[nodiscard]] virtual std::vector<Ledger::PoolInfo> pools() const = 0;
  [[nodiscard]] virtual const StatsHistory& stats() const = 0;
  [[nodiscard]] virtual ProcessState state() const = 0;
  [[nodiscard]] virtual bool shutting_down() const = 0;

  /// Whether `name` is listed or a live automatic database.
  [[nodiscard]] virtual bool has_database(const std::string& name) const = 0;
  /// Makes `name` an automatic database if there is a `*` line, and logs it. False when there is none.
  virtual bool register_database(const std::string& name) = 0;
  [[nodiscard]] virtual bool database_paused(const std::string& name) const = 0;

  /// PAUSE is complete: Ledger::quiet().
  [[nodiscard]] virtual bool quiet(const std::string& database) const = 0;

  // --- actions -------------------------------------------------------------------------------------------------------
  /// Atomic. The error (file, line, reason) is what the client gets as detail; the host has logged it.
  virtual Status reload() = 0;
  virtual SetResult set(std::string_view key, std::string_view value) = 0;
  virtual void pause(const std::string& database) = 0;
  virtual void resume(const std::string& database) = 0;
  virtual void disable(const std::string& database) = 0;
  virtual void enable(const std::string& database) = 0;
  virtual void reconnect(const std::string& database) = 0;
  /// Pauses the database (every one that has a pool when empty) and removes its pools: clients get `database removed`.
  virtual void kill(const std::string& database) = 0;
  /// Closes that client with FATAL `admin forced disconnect`; nothing happens when it has just gone.
  virtual void kill_client(ConnectionId client) = 0;
  virtual void shutdown(ShutdownMode mode) = 0;
};

}  // namespace uvb
