#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "auth/stored_secret.h"
#include "base/guarded.h"
#include "base/held_by_name.h"
#include "base/ids.h"
#include "session/auth_kinds.h"
#include "session/welcome.h"

namespace uvb {

/// A count that can not pass a limit, over all threads.
class ClientCount {
 public:
  /// false when `limit` > 0 and reached.
  bool join(int limit) noexcept {
    const int before = count_.fetch_add(1, std::memory_order_relaxed);
    if (limit <= 0 || before < limit) return true;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void leave() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] int value() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int> count_{0};
};

/// What all workers know of one database entry. Any thread.
struct DatabaseState {
  ClientCount clients;
  AuthKinds auth_kinds;
  std::atomic<bool> announced{false};                          ///< an auto-database was logged
  std::atomic<bool> ignored_parameters_told{false};            ///< of QuestDB, which drops what clients ask for
  std::atomic<bool> bare_password_told{false};                 ///< of a password that travels in clear
  std::atomic<bool> disabled{false};                           ///< DISABLE
  std::atomic<ServerFlavour> flavour{ServerFlavour::unknown};  ///< of the last server that logged in
  std::atomic<std::uint32_t> next_host{0};                     ///< place in a host list
  /// The server takes connections and does not answer them: what waiting clients are told when they give up. Empty: it
  /// does.
  Guarded<std::string> silence;

  /// Its servers are others from now on: what the old ones showed of themselves counts no more.
  void forget_servers() {
    auth_kinds.forget();
    flavour.store(ServerFlavour::unknown);
  }
};

/// What clients of a pool proved to know, for its server logins (design.md 5; behaviour.md 8.4). Wiped with the pool.
struct LoginSecrets {
  std::shared_ptr<const Secret> clear_password;
  std::shared_ptr<const ScramKeys> scram_keys;
};

/// What sessions of all workers share and no single pool owns. Any thread.
class SharedState {
 public:
  /// Forgotten when nobody holds it any more: the control thread holds those of databases that last.
  [[nodiscard]] std::shared_ptr<DatabaseState> database(const std::string& name) { return databases_.get(name); }
  /// The same: clients hold it.
  [[nodiscard]] std::shared_ptr<ClientCount> user(const std::string& name) { return users_.get(name); }

  [[nodiscard]] LoginSecrets secrets(const std::string& database, const std::string& user) const;
  void remember_password(const std::string& database, const std::string& user, std::shared_ptr<const Secret> password);
  void remember_scram_keys(const std::string& database, const std::string& user, std::shared_ptr<const ScramKeys> keys);
  /// The server refused the password: forget it, unless a newer one came meanwhile.
  void forget_password(const std::string& database, const std::string& user, const Secret* refused);
  /// Forgets all secrets of `database` (all when empty).
  void forget_secrets(const std::string& database);
  /// The pool is gone.
  void forget_pool_secrets(const std::string& database, const std::string& user);
  /// What `user` has to know is another secret now, or none.
  void forget_user_secrets(const std::string& user);

  ConnectionId next_connection() noexcept {
    return static_cast<ConnectionId>(last_connection_.fetch_add(1, std::memory_order_relaxed) + 1);
  }

  ClientCount clients;                     ///< every client socket of any kind
  std::atomic<bool> shutting_down{false};  ///< SHUTDOWN WAIT_*: only console logins succeed

 private:
  using PoolName = std::pair<std::string, std::string>;
  HeldByName<DatabaseState> databases_;
  HeldByName<ClientCount> users_;
  Guarded<std::map<PoolName, LoginSecrets>> secrets_;
  std::atomic<std::uint64_t> last_connection_{0};
};

}  // namespace uvb
