#include "pool/ledger.h"

#include <utility>

#include "base/guarded.h"
#include "logins.h"
#include "need.h"
#include "operators.h"
#include "registry.h"
#include "release.h"
#include "review.h"
#include "turn.h"
#include "upkeep.h"

namespace uvb {

/// The lock and what it guards. Each call below is one critical section.
class Ledger::State {
 public:
  State(std::uint32_t workers, std::function<ConnectionId()> next_id) : books(workers, std::move(next_id)) {}

  /// Runs `use(turn)` under the lock.
  template <class F>
  decltype(auto) turn(TimePoint now, Actions& actions, F&& use) {
    return books.with([&](Registry& registry) -> decltype(auto) {
      Turn turn{registry, now, actions};
      return use(turn);
    });
  }
  /// Runs `use(turn, server)` under the lock if there is such a server.
  template <class F>
  void with_server(ConnectionId id, TimePoint now, Actions& actions, F&& use) {
    turn(now, actions, [&](Turn& turn) {
      if (ServerEntry* server = turn.books.server(id)) use(turn, *server);
    });
  }

  Guarded<Registry> books;
};

namespace {

void change_if_active(Registry& books, ConnectionId id, ServerState state) {
  ServerEntry* server = books.server(id);
  if (server != nullptr && server->state == ServerState::active) server->pool->servers.set_state(*server, state);
}

bool any_close_needed(const PoolBooks& pool) {
  for (const auto& server : pool.servers.all()) {
    if (server->close_needed) return true;
  }
  return false;
}

}  // namespace

Ledger::Ledger(std::uint32_t workers, std::function<ConnectionId()> next_id)
    : state_(std::make_unique<State>(workers, std::move(next_id))) {}
Ledger::~Ledger() = default;

PoolId Ledger::open(const PoolKey& key, const PoolRules& rules) {
  return state_->books.with([&](Registry& books) {
    PoolBooks& pool = books.open(key);
    pool.rules = rules;
    pool.unused_since = {};
    return pool.id;
  });
}

void Ledger::set_rules(PoolId id, const PoolRules& rules, TimePoint now, Actions& actions) {
  state_->turn(now, actions, [&](Turn& turn) {
    PoolBooks* pool = turn.books.pool(id);
    if (pool == nullptr || pool->dead) return;
    pool->rules = rules;
    place_freed(turn, *pool);
  });
}

std::vector<Ledger::PoolInfo> Ledger::pools() const {
  return state_->books.with([](const Registry& books) {
    std::vector<PoolInfo> infos;
    for (const PoolBooks* pool : books.living({})) {
      infos.push_back(
          {pool->id, pool->key, pool->rules, pool->counts(), pool->database.paused, any_close_needed(*pool)});
    }
    return infos;
  });
}

void Ledger::client_joined(PoolId id) {
  state_->books.with([&](Registry& books) {
    PoolBooks* pool = books.pool(id);
    if (pool == nullptr) return;
    ++pool->clients;
    pool->unused_since = {};
  });
}

void Ledger::client_left(PoolId id) {
  state_->books.with([&](Registry& books) {
    if (PoolBooks* pool = books.pool(id)) --pool->clients;
  });
}

std::vector<Ledger::DroppedPool> Ledger::drop_unused(TimePoint now) {
  return state_->books.with([&](Registry& books) { return uvb::drop_unused(books, now); });
}

std::shared_ptr<const Welcome> Ledger::welcome(PoolId id) const {
  return state_->books.with([&](const Registry& books) {
    const PoolBooks* pool = books.pool(id);
    return pool != nullptr ? pool->welcome : nullptr;
  });
}

TakeResult Ledger::take(PoolId id, const Waiter& waiter, TimePoint now, Actions& actions) {
  return state_->turn(now, actions, [&](Turn& turn) {
    PoolBooks* pool = turn.books.pool(id);
    if (pool == nullptr) return TakeResult{TakeStatus::refused, ConnectionId::none, "database removed"};
    return need(turn, *pool, waiter);
  });
}

bool Ledger::cancel_wait(WorkerId worker, ConnectionId client) {
  return state_->books.with([&](Registry& books) { return stop_waiting(books, worker, client); });
}

void Ledger::login_succeeded(PoolId /*pool*/, ConnectionId server, std::shared_ptr<const Welcome> welcome,
                             TimePoint now, Actions& actions) {
  state_->with_server(server, now, actions,
                      [&](Turn& turn, ServerEntry& entry) { uvb::login_succeeded(turn, entry, std::move(welcome)); });
}

void Ledger::login_failed(PoolId /*pool*/, ConnectionId server, const LoginFailure& failure, TimePoint now,
                          Actions& actions) {
  state_->with_server(server, now, actions,
                      [&](Turn& turn, ServerEntry& entry) { uvb::login_failed(turn, entry, failure); });
}

void Ledger::give(PoolId /*pool*/, ConnectionId server, TimePoint now, Actions& actions) {
  state_->with_server(server, now, actions, [](Turn& turn, ServerEntry& entry) { release(turn, entry); });
}

void Ledger::mark_tested(PoolId /*pool*/, ConnectionId server) {
  state_->books.with([&](Registry& books) { change_if_active(books, server, ServerState::tested); });
}

void Ledger::mark_being_canceled(PoolId /*pool*/, ConnectionId server) {
  state_->books.with([&](Registry& books) { change_if_active(books, server, ServerState::being_canceled); });
}

void Ledger::removed(PoolId /*pool*/, ConnectionId server, TimePoint now, Actions& actions) {
  state_->with_server(server, now, actions, [](Turn& turn, ServerEntry& entry) { server_gone(turn, entry); });
}

const char* Ledger::moved(PoolId /*pool*/, ConnectionId server, WorkerId owner) {
  return state_->books.with([&](Registry& books) -> const char* {
    ServerEntry* entry = books.server(server);
    if (entry == nullptr) return "obsolete connection";
    books.change_owner(*entry, owner);
    if (entry->state == ServerState::closing) return entry->close_reason;
    if (entry->promised != nullptr) books.waiters().release(*entry->promised);
    entry->promised = nullptr;
    return nullptr;
  });
}

bool Ledger::close_needed(PoolId /*pool*/, ConnectionId server) const {
  return state_->books.with([&](const Registry& books) {
    const ServerEntry* entry = books.server(server);
    return entry != nullptr && entry->close_needed;
  });
}

Ledger::ServerCondition Ledger::condition(PoolId /*pool*/, ConnectionId server) const {
  return state_->books.with([&](const Registry& books) {
    const ServerEntry* entry = books.server(server);
    if (entry == nullptr) return ServerCondition{};
    const bool used = entry->state == ServerState::used;
    const bool parked = used || entry->state == ServerState::idle;
    return ServerCondition{entry->close_needed, used, parked ? entry->last_activity : TimePoint{}};
  });
}

bool Ledger::begin_cancel(PoolId id) {
  return state_->books.with([&](Registry& books) {
    PoolBooks* pool = books.pool(id);
    if (pool == nullptr || pool->dead) return false;
    if (pool->rules.pool_size > 0 && pool->servers.total() >= 2 * pool->rules.pool_size) return false;
    pool->servers.add_cancel();
    return true;
  });
}

void Ledger::end_cancel(PoolId id, TimePoint now, Actions& actions) {
  state_->turn(now, actions, [&](Turn& turn) {
    PoolBooks* pool = turn.books.pool(id);
    if (pool == nullptr) return;
    pool->servers.remove_cancel();
    place_freed(turn, *pool);
  });
}

void Ledger::tick(TimePoint now, Actions& actions) {
  state_->turn(now, actions, [](Turn& turn) { keep_up(turn); });
}

void Ledger::pause_all(TimePoint now, Actions& actions) {
  state_->turn(now, actions, [](Turn& turn) {
    turn.books.all_paused = true;
    stop_pools(turn, {});
  });
}

void Ledger::resume_all(TimePoint now, Actions& actions) {
  state_->turn(now, actions, [](Turn& turn) {
    turn.books.all_paused = false;
    start_pools(turn, {});
  });
}

void Ledger::pause(const std::string& database, TimePoint now, Actions& actions) {
  state_->turn(now, actions, [&](Turn& turn) {
    turn.books.set_paused(database, true);
    stop_pools(turn, database);
  });
}

void Ledger::resume(const std::string& database, TimePoint now, Actions& actions) {
  state_->turn(now, actions, [&](Turn& turn) {
    turn.books.set_paused(database, false);
    start_pools(turn, database);
  });
}

bool Ledger::paused(const std::string& database) const {
  return state_->books.with([&](const Registry& books) { return books.database_paused(database); });
}

bool Ledger::stopped(const std::string& database) const {
  return state_->books.with([&](const Registry& books) { return books.all_paused || books.database_paused(database); });
}

bool Ledger::quiet(const std::string& database) const {
  return state_->books.with([&](const Registry& books) { return uvb::quiet(books, database); });
}

void Ledger::reconnect(const std::string& database, TimePoint now, Actions& actions) {
  state_->turn(now, actions, [&](Turn& turn) { renew_pools(turn, database); });
}

void Ledger::kill(const std::string& database, const char* reason, TimePoint now, Actions& actions) {
  state_->turn(now, actions, [&](Turn& turn) { remove_pools(turn, database, reason); });
}

void Ledger::shut_down(TimePoint now, Actions& actions) {
  state_->turn(now, actions, [](Turn& turn) {
    turn.books.shutting_down = true;
    turn.books.all_paused = true;
    stop_pools(turn, {});
    refuse_waiters(turn, "server shutting down");
  });
}

std::size_t Ledger::servers() const {
  return state_->books.with([](const Registry& books) { return books.server_count(); });
}

}  // namespace uvb
