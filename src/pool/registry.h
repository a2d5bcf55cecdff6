#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "connection_group.h"
#include "pool/id_map.h"
#include "pool/ledger.h"
#include "pool_books.h"
#include "wait_queue.h"

namespace uvb {

/// All pools and what spans them. Owns everything the ledger knows; decides nothing.
class Registry {
 public:
  Registry(std::uint32_t workers, std::function<ConnectionId()> next_id);

  PoolBooks& open(const PoolKey& key);
  /// null when there is no such pool any more. A dead one is found.
  [[nodiscard]] PoolBooks* pool(PoolId id) const noexcept;
  [[nodiscard]] const std::vector<std::unique_ptr<PoolBooks>>& pools() const noexcept { return pools_; }
  /// The living pools of `database`, of all when empty.
  [[nodiscard]] std::vector<PoolBooks*> living(const std::string& database) const;
  /// Takes the pool away from clients. It ends at once or with its last connection; `pool` may dangle afterwards.
  void bury(PoolBooks& pool);
  /// A dead pool ends when it has no connection left, and its groups with their last pool. `pool` may dangle then.
  void end_if_empty(PoolBooks& pool);

  ServerEntry& add_server(PoolBooks& pool, WorkerId owner, const std::string& options, TimePoint now);
  /// `server` ends; its pool does not by this call.
  void remove_server(ServerEntry& server);
  void change_owner(ServerEntry& server, WorkerId owner) noexcept;
  [[nodiscard]] ServerEntry* server(ConnectionId id) const noexcept { return servers_.find(id); }
  [[nodiscard]] std::size_t server_count() const noexcept { return servers_.size(); }
  /// The worker that owns the fewest servers.
  [[nodiscard]] WorkerId least_loaded() const noexcept;

  [[nodiscard]] WaitEntries& waiters() noexcept { return waiters_; }

  void set_paused(const std::string& database, bool paused);
  [[nodiscard]] bool database_paused(const std::string& database) const noexcept;
  [[nodiscard]] bool paused(const PoolBooks& pool) const noexcept { return all_paused || pool.database.paused; }

  bool all_paused = false;
  bool shutting_down = false;

 private:
  using Groups = std::map<std::string, ConnectionGroup>;
  static ConnectionGroup& group(Groups& groups, const std::string& name);
  static void forget_if_unused(Groups& groups, ConnectionGroup& group);

  std::uint32_t workers_;
  std::function<ConnectionId()> next_id_;
  Groups databases_;
  Groups users_;
  std::vector<std::unique_ptr<PoolBooks>> pools_;  ///< by PoolId; null where one ended
  std::map<PoolKey, PoolBooks*> by_key_;
  IdMap<ServerEntry> servers_;
  std::vector<int> servers_by_worker_;
  WaitEntries waiters_;
};

}  // namespace uvb
