#include "review.h"

#include <algorithm>
#include <vector>

#include "assignment.h"
#include "launcher.h"

namespace uvb {

namespace {

void serve_from_idle(Turn& turn, PoolBooks& pool) {
  WaitEntry* entry = pool.waiting.front();
  while (entry != nullptr && pool.servers.count(ServerState::idle) > 0) {
    WaitEntry* const next = WaitQueue::next(*entry);
    const Waiter& need = entry->waiter;
    if (ServerEntry* server = pool.servers.pick_idle(need.worker, need.options, pool.rules.round_robin)) {
      hand_over(turn, *server, *entry);
    }
    entry = next;
  }
}

/// A used server for each waiter whom none of those in test already will serve (behaviour.md 3.3).
void check_used(Turn& turn, PoolBooks& pool) {
  int expected = pool.servers.count(ServerState::tested);
  WaitEntry* entry = pool.waiting.front();
  while (entry != nullptr && pool.servers.count(ServerState::used) > 0) {
    WaitEntry* const next = WaitQueue::next(*entry);
    ServerEntry* server = expected-- > 0 ? nullptr : pool.servers.pick_used(entry->waiter.options);
    if (server != nullptr && turn.now - server->last_activity < pool.rules.server_check_delay) {
      hand_over(turn, *server, *entry);
    } else if (server != nullptr) {
      server->last_activity = turn.now;
      pool.servers.set_state(*server, ServerState::tested);
      decide(turn, Action::Kind::check, *server);
    }
    entry = next;
  }
}

TimePoint first_wait(const PoolBooks& pool) {
  const WaitEntry* query = pool.waiting.front();
  const WaitEntry* login = pool.logins.front();
  if (query == nullptr || login == nullptr) return query != nullptr ? query->since : login->since;
  return std::min(query->since, login->since);
}

}  // namespace

void review(Turn& turn, PoolBooks& pool) {
  if (pool.dead || !pool.has_waiters() || turn.books.paused(pool)) return;
  serve_from_idle(turn, pool);
  check_used(turn, pool);
  launch_for_waiters(turn, pool);
}

void review_group(Turn& turn, ConnectionGroup& group, const PoolBooks* except) {
  group.blocked = false;
  std::vector<PoolBooks*> waiting;
  for (PoolBooks* pool : group.pools) {
    if (pool != except && pool->has_waiters()) waiting.push_back(pool);
  }
  std::sort(waiting.begin(), waiting.end(),
            [](const PoolBooks* a, const PoolBooks* b) { return first_wait(*a) < first_wait(*b); });
  for (PoolBooks* pool : waiting) review(turn, *pool);
}

void place_freed(Turn& turn, PoolBooks& pool) {
  review_blocked(turn, pool.database);
  review_blocked(turn, pool.user);
  review(turn, pool);
  turn.books.end_if_empty(pool);
}

}  // namespace uvb
