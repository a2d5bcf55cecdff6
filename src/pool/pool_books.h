#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "connection_group.h"
#include "pool/ledger.h"
#include "server_set.h"
#include "wait_queue.h"

namespace uvb {

/// What a pool remembers of its server logins (behaviour.md 3.6).
struct LoginRecord {
  ConnectionId attempt = ConnectionId::none;  ///< the one in progress
  TimePoint started;                          ///< of the last attempt
  bool connect_failed = false;                ///< the last attempt: server_login_retry must pass first
  bool login_failed = false;                  ///< clients get `error` at once while there is no server
  std::string error;
};

/// Everything about one pool.
struct PoolBooks {
  PoolBooks(PoolId pool_id, PoolKey pool_key, ConnectionGroup& of_database, ConnectionGroup& of_user,
            std::uint32_t workers);

  PoolId id;
  PoolKey key;
  PoolRules rules;
  ConnectionGroup& database;
  ConnectionGroup& user;
  ServerSet servers;
  WaitQueue waiting;
  LoginQueue logins;
  std::shared_ptr<const Welcome> welcome;
  LoginRecord login;
  int clients = 0;  ///< logged in
  TimePoint last_lifetime_close;
  TimePoint unused_since;
  bool dead = false;  ///< removed for clients; lasts until its last server is closed

  [[nodiscard]] PoolCounts counts() const;
  [[nodiscard]] bool has_waiters() const noexcept { return !waiting.empty() || !logins.empty(); }
  /// More logged-in servers than pool_size and reserve_pool_size allow.
  [[nodiscard]] bool has_surplus() const noexcept;
  /// The server may be closed for its age: old enough, and the last such close long enough ago that the pool is not
  /// renewed in one go (behaviour.md 4.5).
  [[nodiscard]] bool lifetime_over(const ServerEntry& server, TimePoint now) const noexcept;
  /// Who has waited longest for anything that a new server would bring; null when nobody has. Servers being tested are
  /// expected to serve one waiter each.
  [[nodiscard]] WaitEntry* in_need_of_launch() const noexcept;
};

}  // namespace uvb
