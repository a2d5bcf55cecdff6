#include "registry.h"

#include <algorithm>
#include <utility>

namespace uvb {

Registry::Registry(std::uint32_t workers, std::function<ConnectionId()> next_id)
    : workers_(workers), next_id_(std::move(next_id)), servers_by_worker_(workers), waiters_(workers) {}

PoolBooks& Registry::open(const PoolKey& key) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) return *known->second;
  ConnectionGroup& database = group(databases_, key.database);
  ConnectionGroup& user = group(users_, key.user);
  const auto id = static_cast<PoolId>(pools_.size());
  PoolBooks& pool = *pools_.emplace_back(std::make_unique<PoolBooks>(id, key, database, user, workers_));
  database.pools.push_back(&pool);
  user.pools.push_back(&pool);
  by_key_.emplace(key, &pool);
  return pool;
}

PoolBooks* Registry::pool(PoolId id) const noexcept {
  const auto index = static_cast<std::size_t>(id);
  return index < pools_.size() ? pools_[index].get() : nullptr;
}

std::vector<PoolBooks*> Registry::living(const std::string& database) const {
  std::vector<PoolBooks*> found;
  for (const auto& [key, pool] : by_key_) {
    if (database.empty() || key.database == database) found.push_back(pool);
  }
  return found;
}

void Registry::bury(PoolBooks& pool) {
  pool.dead = true;
  by_key_.erase(pool.key);
  std::erase(pool.database.pools, &pool);
  std::erase(pool.user.pools, &pool);
  end_if_empty(pool);
}

ServerEntry& Registry::add_server(PoolBooks& pool, WorkerId owner, const std::string& options, TimePoint now) {
  auto server = std::make_unique<ServerEntry>();
  server->id = next_id_();
  server->owner = owner;
  server->pool = &pool;
  server->options = options;
  server->launched = now;
  server->last_activity = now;
  servers_.insert(server->id, *server);
  ++servers_by_worker_[number(owner)];
  return pool.servers.add(std::move(server));
}

void Registry::remove_server(ServerEntry& server) {
  PoolBooks& pool = *server.pool;
  servers_.erase(server.id);
  --servers_by_worker_[number(server.owner)];
  pool.servers.remove(server);
}

void Registry::change_owner(ServerEntry& server, WorkerId owner) noexcept {
  --servers_by_worker_[number(server.owner)];
  ++servers_by_worker_[number(owner)];
  server.owner = owner;
}

WorkerId Registry::least_loaded() const noexcept {
  const auto least = std::min_element(servers_by_worker_.begin(), servers_by_worker_.end());
  return static_cast<WorkerId>(least - servers_by_worker_.begin());
}

void Registry::set_paused(const std::string& database, bool paused) {
  ConnectionGroup& found = group(databases_, database);
  found.paused = paused;
  forget_if_unused(databases_, found);
}

bool Registry::database_paused(const std::string& database) const noexcept {
  const auto found = databases_.find(database);
  return found != databases_.end() && found->second.paused;
}

ConnectionGroup& Registry::group(Groups& groups, const std::string& name) {
  ConnectionGroup& found = groups[name];
  if (found.name.empty()) found.name = name;
  return found;
}

void Registry::forget_if_unused(Groups& groups, ConnectionGroup& group) {
  if (!group.paused && group.total == 0 && group.pools.empty()) groups.erase(std::string(group.name));
}

void Registry::end_if_empty(PoolBooks& pool) {
  if (!pool.dead || pool.servers.total() > 0) return;
  ConnectionGroup& database = pool.database;
  ConnectionGroup& user = pool.user;
  pools_[static_cast<std::size_t>(pool.id)].reset();
  forget_if_unused(databases_, database);
  forget_if_unused(users_, user);
}

}  // namespace uvb
