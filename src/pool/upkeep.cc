#include "upkeep.h"

#include "assignment.h"
#include "launcher.h"
#include "review.h"

namespace uvb {

namespace {

/// In nobody's hands.
bool unlinked(const ServerEntry& server) {
  return server.state == ServerState::idle || server.state == ServerState::used || server.state == ServerState::tested;
}

bool idle_too_long(const PoolBooks& pool, const ServerEntry& server, TimePoint now) {
  const PoolRules& rules = pool.rules;
  if (rules.server_idle_timeout <= Micros{} || now - server.last_activity <= rules.server_idle_timeout) return false;
  return rules.min_pool_size <= 0 || pool.servers.connected() > rules.min_pool_size;
}

void look_after(Turn& turn, PoolBooks& pool, ServerEntry& server) {
  if (!unlinked(server)) return;
  if (server.close_needed) return close(turn, server, "database configuration changed");
  if (pool.lifetime_over(server, turn.now)) {
    pool.last_lifetime_close = turn.now;
    return close(turn, server, "server lifetime over");
  }
  if (idle_too_long(pool, server, turn.now)) return close(turn, server, "server idle timeout");
  const bool stale = turn.now - server.last_activity > pool.rules.server_check_delay;
  if (server.state == ServerState::idle && pool.rules.check_query && stale) {
    pool.servers.set_state(server, ServerState::used);
  }
}

ServerEntry* longest_in(const PoolBooks& pool, ServerState state) {
  ServerEntry* longest = nullptr;
  for (const auto& server : pool.servers.all()) {
    if (server->state != state) continue;
    if (longest == nullptr || server->last_activity < longest->last_activity) longest = server.get();
  }
  return longest;
}

void trim(Turn& turn, PoolBooks& pool) {
  while (pool.has_surplus()) {
    ServerEntry* server = longest_in(pool, ServerState::used);
    if (server == nullptr) server = longest_in(pool, ServerState::idle);
    if (server == nullptr) return;
    close(turn, *server, "too many servers in the pool");
  }
}

bool unused(const PoolBooks& pool) {
  if (pool.clients > 0 || pool.servers.total() > 0 || pool.has_waiters()) return false;
  return pool.rules.pool_idle_timeout > Micros{} && !(pool.rules.forced_user && pool.rules.min_pool_size > 0);
}

}  // namespace

void keep_up(Turn& turn) {
  for (const auto& pool : turn.books.pools()) {
    if (pool == nullptr || pool->dead) continue;
    for (const auto& server : pool->servers.all()) look_after(turn, *pool, *server);
    trim(turn, *pool);
    review(turn, *pool);
    launch_minimum(turn, *pool);
  }
}

std::vector<Ledger::DroppedPool> drop_unused(Registry& books, TimePoint now) {
  std::vector<Ledger::DroppedPool> dropped;
  for (PoolBooks* pool : books.living({})) {
    if (!unused(*pool)) {
      pool->unused_since = {};
    } else if (pool->unused_since == TimePoint{}) {
      pool->unused_since = now;
    } else if (now - pool->unused_since > pool->rules.pool_idle_timeout) {
      dropped.push_back({pool->id, pool->key, now - pool->unused_since});
      books.bury(*pool);
    }
  }
  return dropped;
}

}  // namespace uvb
