#include "logins.h"

#include <string_view>
#include <utility>

#include "assignment.h"
#include "protocol/sqlstate.h"
#include "release.h"
#include "review.h"

namespace uvb {

namespace {

constexpr std::size_t kLongestCachedError = 99;

/// At most kLongestCachedError bytes, never half a UTF-8 character.
std::string cut(const std::string& text) {
  if (text.size() <= kLongestCachedError) return text;
  std::size_t end = kLongestCachedError;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void welcome_logins(Turn& turn, PoolBooks& pool) {
  if (pool.welcome == nullptr) return;
  while (WaitEntry* entry = pool.logins.front()) {
    pool.logins.erase(*entry);
    decide(turn, Action::Kind::welcome, *entry).welcome = pool.welcome;
    turn.books.waiters().release(*entry);
  }
}

bool waiters_hear_of(const LoginFailure& failure, const PoolBooks& pool) {
  if (failure.kind == LoginFailure::Kind::connection || failure.kind == LoginFailure::Kind::aborted) return false;
  if (failure.kind == LoginFailure::Kind::server && failure.code == kCannotConnectNow) return false;
  return pool.servers.connected() == 0 || pool.welcome == nullptr;
}

void note_failure(PoolBooks& pool, const LoginFailure& failure) {
  pool.login.connect_failed = true;
  pool.login.login_failed = true;
  pool.login.error = cut(failure.message);
}

std::string_view code_for_waiters(const LoginFailure& failure) {
  const bool has_own = failure.kind == LoginFailure::Kind::server && !failure.code.empty();
  return has_own ? std::string_view(failure.code) : kProtocolViolation;
}

/// The entry ends; a client that had been promised the server queues again.
PoolBooks& forget(Turn& turn, ServerEntry& server) {
  PoolBooks& pool = *server.pool;
  if (pool.login.attempt == server.id) pool.login.attempt = ConnectionId::none;
  if (WaitEntry* waiter = withdraw_promise(server)) pool.waiting.push_front(*waiter);
  turn.books.remove_server(server);
  return pool;
}

}  // namespace

void login_succeeded(Turn& turn, ServerEntry& server, std::shared_ptr<const Welcome> welcome) {
  PoolBooks& pool = *server.pool;
  if (server.state == ServerState::closing) {
    decide(turn, Action::Kind::close, server).close_reason = server.close_reason;
    return;
  }
  if (server.state != ServerState::login) return;
  pool.login = {};
  if (pool.welcome == nullptr) pool.welcome = std::move(welcome);
  welcome_logins(turn, pool);
  server.last_activity = turn.now;
  settle(turn, server);
  review(turn, pool);
}

void login_failed(Turn& turn, ServerEntry& server, const LoginFailure& failure) {
  const bool aborted = failure.kind == LoginFailure::Kind::aborted || server.state == ServerState::closing;
  PoolBooks& pool = forget(turn, server);
  if (aborted) return place_freed(turn, pool);
  note_failure(pool, failure);
  if (waiters_hear_of(failure, pool)) fail_waiters(turn, pool, code_for_waiters(failure), failure.message);
  // The pool itself tries again by the next tick at the earliest: a login that fails within the call that begins it
  // must not go round in circles when server_login_retry is 0.
  review_blocked(turn, pool.database, &pool);
  review_blocked(turn, pool.user, &pool);
}

void server_gone(Turn& turn, ServerEntry& server) {
  if (server.state == ServerState::login) {
    return login_failed(turn, server, {LoginFailure::Kind::connection, {}, "server conn crashed?"});
  }
  place_freed(turn, forget(turn, server));
}

}  // namespace uvb
