#include "launcher.h"

#include <algorithm>

#include "assignment.h"

namespace uvb {

namespace {

enum class Place : std::uint8_t { none, ordinary, reserve };

bool has_room(const ConnectionGroup& group, int limit) { return limit <= 0 || group.total < limit; }
bool has_room(const PoolBooks& pool) {
  return pool.rules.pool_size <= 0 || pool.servers.total() < pool.rules.pool_size;
}

/// Closing it takes nothing from a client: it is idle; or put aside or in a check nobody waits for.
bool evictable(const ServerEntry& server) {
  if (server.state == ServerState::idle) return true;
  const bool aside = server.state == ServerState::used || server.state == ServerState::tested;
  return aside && !server.pool->has_waiters();
}

/// Closes the server of the group that has been idle longest, if any.
void evict_from(Turn& turn, const ConnectionGroup& group) {
  ServerEntry* oldest = nullptr;
  for (const PoolBooks* pool : group.pools) {
    for (const auto& server : pool->servers.all()) {
      if (!evictable(*server)) continue;
      if (oldest == nullptr || server->last_activity < oldest->last_activity) oldest = server.get();
    }
  }
  if (oldest != nullptr) close(turn, *oldest, "evicted");
}

/// Closes the longest idle server of a full pool that was started with other options than needed. False if none was.
bool evict_unfit(Turn& turn, PoolBooks& pool, const std::string& options) {
  if (pool.servers.count(ServerState::idle) + pool.servers.count(ServerState::used) == 0) return false;
  ServerEntry* oldest = nullptr;
  for (const auto& server : pool.servers.all()) {
    if (server->state != ServerState::idle && server->state != ServerState::used) continue;
    if (server->options == options) continue;
    if (oldest == nullptr || server->last_activity < oldest->last_activity) oldest = server.get();
  }
  if (oldest == nullptr) return false;
  close(turn, *oldest, "evicted");
  return true;
}

bool reserve_allows(const Turn& turn, const PoolBooks& pool) {
  const PoolRules& rules = pool.rules;
  const WaitEntry* first = pool.waiting.front();
  if (first == nullptr || rules.reserve_pool_size <= 0 || rules.reserve_pool_timeout <= Micros{}) return false;
  if (turn.now - first->waiter.last_packet < rules.reserve_pool_timeout) return false;
  return pool.servers.total() < rules.pool_size + rules.reserve_pool_size;
}

Place place_in_pool(Turn& turn, PoolBooks& pool, const Waiter& need) {
  // Without a welcome nobody could log in while the pool is full; the surplus goes with the next tick.
  if (has_room(pool) || (pool.welcome == nullptr && !pool.logins.empty())) return Place::ordinary;
  if (pool.servers.count(ServerState::closing) > 0) return Place::none;
  if (evict_unfit(turn, pool, need.options)) return Place::none;
  return reserve_allows(turn, pool) ? Place::reserve : Place::none;
}

/// Room under the limit of a database or user. When full, closes one idle server, unless one is closing already that
/// makes room.
bool make_room(Turn& turn, ConnectionGroup& group, int limit) {
  if (has_room(group, limit)) return true;
  group.blocked = true;
  if (group.total - group.closing >= limit) evict_from(turn, group);
  return false;
}

Action& launch(Turn& turn, PoolBooks& pool, WorkerId worker, const std::string& options) {
  const ServerEntry& server = turn.books.add_server(pool, worker, options, turn.now);
  pool.login.attempt = server.id;
  pool.login.started = turn.now;
  Action& action = decide(turn, Action::Kind::launch, server);
  action.options = options;
  return action;
}

void launch_for(Turn& turn, PoolBooks& pool, const Waiter& need) {
  if (!may_attempt(turn, pool)) return;
  const Place place = place_in_pool(turn, pool, need);
  if (place == Place::none) return;
  if (!make_room(turn, pool.database, pool.rules.max_db_connections)) return;
  if (!make_room(turn, pool.user, pool.rules.max_user_connections)) return;
  Action& action = launch(turn, pool, need.worker, need.options);
  if (place != Place::reserve) return;
  action.client = need.client;
  action.reason = "reserve";
}

}  // namespace

void launch_for_waiters(Turn& turn, PoolBooks& pool) {
  if (const WaitEntry* entry = pool.in_need_of_launch()) launch_for(turn, pool, entry->waiter);
}

void launch_for_refused(Turn& turn, PoolBooks& pool, const Waiter& refused) { launch_for(turn, pool, refused); }

void launch_minimum(Turn& turn, PoolBooks& pool) {
  const PoolRules& rules = pool.rules;
  if (pool.clients <= 0 && !rules.forced_user) return;
  // An unlimited pool has no minimum (settings.md 3).
  if (pool.servers.connected() >= std::min(rules.min_pool_size, rules.pool_size)) return;
  if (!may_attempt(turn, pool) || at_a_limit(pool)) return;
  launch(turn, pool, turn.books.least_loaded(), {});
}

bool at_a_limit(const PoolBooks& pool) {
  return !has_room(pool) || !has_room(pool.database, pool.rules.max_db_connections) ||
         !has_room(pool.user, pool.rules.max_user_connections);
}

bool may_attempt(const Turn& turn, const PoolBooks& pool) {
  if (pool.dead || turn.books.paused(pool) || pool.login.attempt != ConnectionId::none) return false;
  return !pool.login.connect_failed || turn.now - pool.login.started >= pool.rules.server_login_retry;
}

}  // namespace uvb
