#include "release.h"

#include "assignment.h"
#include "launcher.h"
#include "review.h"

namespace uvb {

namespace {

constexpr const char* kLifetimeOver = "server lifetime over";

/// Null when the server stays.
const char* reason_to_close(const Turn& turn, const ServerEntry& server) {
  const PoolBooks& pool = *server.pool;
  if (server.close_needed) return "close_needed";
  if (turn.books.paused(pool)) return "pause mode";
  if (pool.lifetime_over(server, turn.now)) return kLifetimeOver;
  if (pool.has_surplus()) return "too many servers in the pool";
  return nullptr;
}

/// The longest waiter needs a server with other options, others keep the servers busy, and the pool may open no more:
/// without giving up one he would wait for ever.
bool gives_way(const Turn& turn, const ServerEntry& server) {
  const PoolBooks& pool = *server.pool;
  const WaitEntry* longest = pool.waiting.front();
  if (longest == nullptr || longest->waiter.options == server.options) return false;
  if (turn.now - longest->since < kWaitBeforeEviction) return false;
  return pool.servers.count(ServerState::closing) == 0 && may_attempt(turn, pool) && at_a_limit(pool);
}

bool to_be_checked_first(const PoolBooks& pool, ServerState came_from) {
  return came_from != ServerState::tested && pool.rules.check_query && pool.rules.server_check_delay <= Micros{};
}

void after_parking(Turn& turn, PoolBooks& pool) {
  review(turn, pool);
  review_blocked(turn, pool.database);
  review_blocked(turn, pool.user);
}

}  // namespace

void release(Turn& turn, ServerEntry& server) {
  PoolBooks& pool = *server.pool;
  const ServerState came_from = server.state;
  if (came_from == ServerState::closing) {
    // The close may have been posted before the owner knew the server; it is not lost this way.
    decide(turn, Action::Kind::close, server).close_reason = server.close_reason;
    return;
  }
  if (came_from == ServerState::idle || came_from == ServerState::used || came_from == ServerState::login) return;
  if (WaitEntry* gone = withdraw_promise(server)) turn.books.waiters().release(*gone);
  server.last_activity = turn.now;
  if (const char* reason = reason_to_close(turn, server)) {
    if (reason == kLifetimeOver) pool.last_lifetime_close = turn.now;
    return close(turn, server, reason);
  }
  if (gives_way(turn, server)) return close(turn, server, "evicted");
  if (!to_be_checked_first(pool, came_from)) return settle(turn, server);
  pool.servers.set_state(server, ServerState::used);
  after_parking(turn, pool);
}

void settle(Turn& turn, ServerEntry& server) {
  PoolBooks& pool = *server.pool;
  if (WaitEntry* waiter = choose_waiter(server)) return assign(turn, server, *waiter);
  pool.servers.set_idle(server, pool.rules.round_robin);
  after_parking(turn, pool);
}

}  // namespace uvb
