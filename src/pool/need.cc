#include "need.h"

#include <string>
#include <utility>

#include "assignment.h"
#include "launcher.h"
#include "review.h"

namespace uvb {

namespace {

TakeResult refuse(std::string error) { return {TakeStatus::refused, ConnectionId::none, std::move(error)}; }

TakeResult enqueue(Turn& turn, PoolBooks& pool, const Waiter& waiter) {
  if (turn.books.waiters().find(waiter.worker, waiter.client) == nullptr) {
    WaitEntry& entry = turn.books.waiters().acquire(pool, waiter, turn.now);
    if (waiter.login) {
      pool.logins.push_back(entry);
    } else {
      pool.waiting.push_back(entry);
    }
  }
  return {TakeStatus::queued, ConnectionId::none, {}};
}

TakeResult need_welcome(Turn& turn, PoolBooks& pool, const Waiter& waiter) {
  if (pool.welcome == nullptr) {
    TakeResult result = enqueue(turn, pool, waiter);
    review(turn, pool);
    return result;
  }
  // A server logged in after the caller had looked for the welcome.
  Action& action = turn.actions.emplace_back();
  action.kind = Action::Kind::welcome;
  action.worker = waiter.worker;
  action.pool = pool.id;
  action.client = waiter.client;
  action.welcome = pool.welcome;
  return {TakeStatus::queued, ConnectionId::none, {}};
}

TakeResult take_idle(Turn& turn, PoolBooks& pool, ServerEntry& server, const Waiter& waiter) {
  if (server.owner == waiter.worker) {
    pool.servers.set_state(server, ServerState::active);
    return {TakeStatus::granted, server.id, {}};
  }
  TakeResult result = enqueue(turn, pool, waiter);
  hand_over(turn, server, *turn.books.waiters().find(waiter.worker, waiter.client));
  return result;
}

bool fails_fast(const PoolBooks& pool) {
  return pool.login.login_failed && pool.servers.connected() == 0 && pool.servers.cancels() == 0;
}

}  // namespace

TakeResult need(Turn& turn, PoolBooks& pool, const Waiter& waiter) {
  if (pool.dead) return refuse("database removed");
  if (turn.books.shutting_down) return refuse("server shutting down");
  if (waiter.login) return need_welcome(turn, pool, waiter);
  if (turn.books.paused(pool)) return enqueue(turn, pool, waiter);
  if (ServerEntry* server = pool.servers.pick_idle(waiter.worker, waiter.options, pool.rules.round_robin)) {
    return take_idle(turn, pool, *server, waiter);
  }
  if (fails_fast(pool)) {
    launch_for_refused(turn, pool, waiter);
    return refuse("server login has been failing, cached error: " + pool.login.error + " (server_login_retry)");
  }
  TakeResult result = enqueue(turn, pool, waiter);
  review(turn, pool);
  return result;
}

bool stop_waiting(Registry& books, WorkerId worker, ConnectionId client) {
  WaitEntry* entry = books.waiters().find(worker, client);
  if (entry == nullptr) return false;
  const bool queued = entry->promised == nullptr;
  if (!queued) {
    withdraw_promise(*entry->promised);
  } else if (entry->waiter.login) {
    entry->pool->logins.erase(*entry);
  } else {
    entry->pool->waiting.erase(*entry);
  }
  books.waiters().release(*entry);
  return queued;
}

}  // namespace uvb
