#include "pool_books.h"

#include <algorithm>
#include <utility>

namespace uvb {

PoolBooks::PoolBooks(PoolId pool_id, PoolKey pool_key, ConnectionGroup& of_database, ConnectionGroup& of_user,
                     std::uint32_t workers)
    : id(pool_id),
      key(std::move(pool_key)),
      database(of_database),
      user(of_user),
      servers(of_database, of_user, workers),
      waiting(workers) {}

PoolCounts PoolBooks::counts() const {
  PoolCounts counts;
  counts.waiting = static_cast<int>(waiting.size() + logins.size());
  counts.active = servers.count(ServerState::active);
  counts.active_cancel = servers.cancels();
  counts.being_canceled = servers.count(ServerState::being_canceled);
  counts.idle = servers.count(ServerState::idle);
  counts.used = servers.count(ServerState::used);
  counts.tested = servers.count(ServerState::tested);
  counts.login = servers.count(ServerState::login);
  if (!waiting.empty()) counts.oldest_query_start = waiting.front()->waiter.query_start;
  return counts;
}

bool PoolBooks::has_surplus() const noexcept {
  return rules.pool_size > 0 && servers.connected() > rules.pool_size + std::max(rules.reserve_pool_size, 0);
}

bool PoolBooks::lifetime_over(const ServerEntry& server, TimePoint now) const noexcept {
  if (now - server.launched < rules.server_lifetime) return false;
  if (rules.pool_size <= 0 || last_lifetime_close == TimePoint{}) return true;
  return now - last_lifetime_close >= rules.server_lifetime / rules.pool_size;
}

WaitEntry* PoolBooks::in_need_of_launch() const noexcept {
  const auto tested = static_cast<std::size_t>(servers.count(ServerState::tested));
  WaitEntry* query = waiting.size() > tested ? waiting.front() : nullptr;
  WaitEntry* first_login = welcome == nullptr ? logins.front() : nullptr;
  if (query == nullptr || first_login == nullptr) return query != nullptr ? query : first_login;
  return first_login->since < query->since ? first_login : query;
}

}  // namespace uvb
