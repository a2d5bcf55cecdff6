#include "operators.h"

#include "assignment.h"
#include "protocol/sqlstate.h"
#include "review.h"

namespace uvb {

namespace {

bool at_rest(const ServerEntry& server) {
  return server.state == ServerState::idle || server.state == ServerState::used;
}

void renew(Turn& turn, ServerEntry& server) {
  if (server.state == ServerState::closing) return;
  server.close_needed = true;
  if (server.state == ServerState::login) close(turn, server, "connect string changed");
  if (at_rest(server)) close(turn, server, "database configuration changed");
}

void remove_pool(Turn& turn, PoolBooks& pool, const char* reason) {
  fail_waiters(turn, pool, kProtocolViolation, reason);
  for (const auto& server : pool.servers.all()) {
    if (WaitEntry* promised = withdraw_promise(*server)) fail(turn, *promised, kProtocolViolation, reason);
    if (server->state != ServerState::closing) close(turn, *server, reason);
  }
  turn.books.bury(pool);
}

}  // namespace

void stop_pools(Turn& turn, const std::string& database) {
  for (PoolBooks* pool : turn.books.living(database)) {
    for (const auto& server : pool->servers.all()) {
      if (at_rest(*server) || server->state == ServerState::login) close(turn, *server, "pause mode");
    }
  }
}

void start_pools(Turn& turn, const std::string& database) {
  for (PoolBooks* pool : turn.books.living(database)) review(turn, *pool);
}

bool quiet(const Registry& books, const std::string& database) {
  for (const PoolBooks* pool : books.living(database)) {
    if (pool->servers.count(ServerState::active) + pool->servers.count(ServerState::tested) > 0) return false;
  }
  return true;
}

void renew_pools(Turn& turn, const std::string& database) {
  for (PoolBooks* pool : turn.books.living(database)) {
    pool->welcome = nullptr;
    for (const auto& server : pool->servers.all()) renew(turn, *server);
    review(turn, *pool);
  }
}

void remove_pools(Turn& turn, const std::string& database, const char* reason) {
  for (PoolBooks* pool : turn.books.living(database)) remove_pool(turn, *pool, reason);
}

void refuse_waiters(Turn& turn, const char* reason) {
  for (PoolBooks* pool : turn.books.living({})) fail_waiters(turn, *pool, kProtocolViolation, reason);
}

}  // namespace uvb
