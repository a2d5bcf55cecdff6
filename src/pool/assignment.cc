#include "assignment.h"

namespace uvb {

WaitEntry* choose_waiter(const ServerEntry& server) {
  const WaitQueue& waiting = server.pool->waiting;
  WaitEntry* longest = waiting.longest(server.options);
  if (longest == nullptr || longest->waiter.worker == server.owner) return longest;
  WaitEntry* own = waiting.longest_of(server.owner, server.options);
  return own != nullptr && own->since - longest->since < kOvertaking ? own : longest;
}

void assign(Turn& turn, ServerEntry& server, WaitEntry& waiter) {
  if (waiter.waiter.worker != server.owner) return hand_over(turn, server, waiter);
  server.pool->waiting.erase(waiter);
  server.pool->servers.set_state(server, ServerState::active);
  decide(turn, Action::Kind::serve, server).client = waiter.waiter.client;
  turn.books.waiters().release(waiter);
}

void hand_over(Turn& turn, ServerEntry& server, WaitEntry& waiter) {
  server.pool->waiting.erase(waiter);
  server.pool->servers.set_state(server, ServerState::active);
  server.promised = &waiter;
  waiter.promised = &server;
  Action& action = decide(turn, Action::Kind::hand_over, server);
  action.client = waiter.waiter.client;
  action.to = waiter.waiter.worker;
}

WaitEntry* withdraw_promise(ServerEntry& server) noexcept {
  WaitEntry* entry = server.promised;
  server.promised = nullptr;
  if (entry != nullptr) entry->promised = nullptr;
  return entry;
}

void close(Turn& turn, ServerEntry& server, const char* reason) {
  server.pool->servers.set_state(server, ServerState::closing);
  server.close_reason = reason;
  decide(turn, Action::Kind::close, server).close_reason = reason;
}

void fail(Turn& turn, WaitEntry& entry, std::string_view code, const std::string& reason) {
  Action& action = decide(turn, Action::Kind::fail, entry);
  action.code = code;
  action.reason = reason;
  turn.books.waiters().release(entry);
}

void fail_waiters(Turn& turn, PoolBooks& pool, std::string_view code, const std::string& reason) {
  while (WaitEntry* entry = pool.waiting.front()) {
    pool.waiting.erase(*entry);
    fail(turn, *entry, code, reason);
  }
  while (WaitEntry* entry = pool.logins.front()) {
    pool.logins.erase(*entry);
    fail(turn, *entry, code, reason);
  }
}

}  // namespace uvb
