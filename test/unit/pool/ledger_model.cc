#include "ledger_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace uvb {

using Kind = Action::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

LedgerModel::LedgerModel(std::uint64_t seed)
    : random_(seed),
      ledger_(kWorkers, [this] { return static_cast<ConnectionId>(++last_id_); }),
      keys_{{"one", "ann"}, {"one", "bob"}, {"two", "ann"}, {"two", "bob"}, {"three", "ann"}},
      boxes_(kWorkers, std::vector<Box>(kWorkers + 1)) {
  for (std::size_t pool = 0; pool < kPools; ++pool) {
    PoolRules rules;
    rules.pool_size = 1 + static_cast<int>(below(4));
    rules.reserve_pool_size = pool == 1 ? 1 : 0;
    rules.reserve_pool_timeout = milliseconds(20);
    rules.max_db_connections = pool < 2 ? 4 : 0;
    rules.max_user_connections = pool == 2 || pool == 4 ? 7 : 0;
    rules.server_lifetime = seconds(20);
    rules.server_idle_timeout = seconds(5);
    rules.server_login_retry = milliseconds(500);
    rules.min_pool_size = pool == 3 ? 1 : 0;
    rules.check_query = pool == 4;
    rules.server_check_delay = pool == 4 ? milliseconds(300) : milliseconds(0);
    rules.round_robin = pool == 2;
    rules_.push_back(rules);
    ids_.push_back(ledger_.open(keys_[pool], rules));
    ledger_.client_joined(ids_.back());
  }
  for (int i = 0; i < 40; ++i) new_client();
}

ConnectionId LedgerModel::new_client() {
  const auto id = static_cast<ConnectionId>(++last_id_);
  ClientBook& client = clients_[id];
  client.pool = below(kPools);
  client.worker = static_cast<WorkerId>(below(kWorkers));
  client.login = chance(4);
  if (chance(5)) client.options = "-c statement_timeout=1";
  return id;
}

// --- what the ledger is told ---------------------------------------------------------------------------------------

void LedgerModel::call(std::uint32_t caller, const std::function<void(Actions&)>& use) {
  Actions actions;
  use(actions);
  for (const Action& action : actions) observe(caller, action);
  released_ = ConnectionId::none;
  for (const Action& action : actions) {
    const std::uint32_t worker = number(action.worker);
    if (worker == caller) {
      carry_out(worker, {action, false});
    } else {
      boxes_[worker][caller].push_back({action, false});
    }
  }
}

void LedgerModel::observe(std::uint32_t caller, const Action& action) {
  switch (action.kind) {
    case Kind::launch: return observe_launch(action);
    case Kind::serve:
    case Kind::hand_over: return observe_link(caller, action);
    case Kind::check:
      ASSERT_EQ(servers_.at(action.server).state, Server::parked);
      servers_.at(action.server).state = Server::tested;
      return;
    case Kind::close:
      ASSERT_NE(action.close_reason, nullptr);
      servers_.at(action.server).state = Server::closing;
      return;
    case Kind::fail:
    case Kind::welcome: {
      ClientBook& client = clients_.at(action.client);
      ASSERT_TRUE(client.state == Client::waiting || client.state == Client::promised);
      if (action.kind == Kind::welcome) {
        ASSERT_TRUE(client.login && action.welcome != nullptr);
        client.login = false;
      }
      queues_[client.pool].remove(action.client);
      client.state = Client::idle;
      return;
    }
  }
}

void LedgerModel::observe_link(std::uint32_t caller, const Action& action) {
  ServerBook& server = servers_.at(action.server);
  ClientBook& client = clients_.at(action.client);
  ASSERT_EQ(server.state, Server::parked) << "a server may have one client";
  ASSERT_EQ(client.state, Client::waiting);
  ASSERT_FALSE(client.login);
  ASSERT_EQ(server.options, client.options);
  ASSERT_EQ(server.owner, action.worker);
  ASSERT_FALSE(paused(server.pool));
  const ConnectionId first = longest(server.pool, server.options, nullptr);
  if (action.client != first) {
    ASSERT_EQ(action.server, released_) << "only a release may prefer its own worker's clients";
    ASSERT_EQ(client.worker, server.owner);
    ASSERT_EQ(action.client, longest(server.pool, server.options, &server.owner));
    ASSERT_NE(clients_.at(first).worker, server.owner);
    ASSERT_LT(client.since - clients_.at(first).since, kOvertaking);
  }
  queues_[server.pool].remove(action.client);
  server.state = Server::active;
  server.client = action.kind == Kind::hand_over ? action.client : ConnectionId::none;
  client.state = action.kind == Kind::hand_over ? Client::promised : Client::linked;
  if (action.kind == Kind::hand_over) {
    ASSERT_EQ(action.to, client.worker);
    ++handed_over_;
  } else {
    ASSERT_EQ(number(action.worker), caller);
    ASSERT_EQ(client.worker, action.worker);
  }
}

void LedgerModel::observe_launch(const Action& action) {
  const std::size_t pool = pool_of(action.pool);
  for (const auto& [id, server] : servers_) ASSERT_FALSE(server.pool == pool && server.attempt) << "two logins at once";
  ASSERT_FALSE(paused(pool));
  ServerBook& server = servers_[action.server];
  server.pool = pool;
  server.owner = action.worker;
  server.options = action.options;
  const PoolRules& rules = rules_[pool];
  const bool relearns = ledger_.welcome(ids_[pool]) == nullptr;
  const int reserve = action.reason == "reserve" ? rules.reserve_pool_size : 0;
  if (!relearns) {
    ASSERT_LE(total(pool), rules.pool_size + reserve);
  }
  if (rules.max_db_connections > 0) {
    ASSERT_LE(total_of(&PoolKey::database, keys_[pool].database), rules.max_db_connections);
  }
  if (rules.max_user_connections > 0) {
    ASSERT_LE(total_of(&PoolKey::user, keys_[pool].user), rules.max_user_connections);
  }
}

void LedgerModel::take(ConnectionId id) {
  ClientBook& client = clients_.at(id);
  const TimePoint query_start = client.login ? TimePoint{} : now_;
  const Waiter waiter{client.worker, client.login, client.options, id, query_start, now_};
  call(number(client.worker), [&](Actions& actions) {
    const TakeResult result = ledger_.take(ids_[client.pool], waiter, now_, actions);
    client.since = now_;
    if (result.status == TakeStatus::queued) {
      client.state = Client::waiting;
      if (!client.login) queues_[client.pool].push_back(id);
    } else if (result.status == TakeStatus::granted) {
      ServerBook& server = servers_.at(result.server);
      ASSERT_EQ(server.state, Server::parked);
      ASSERT_EQ(server.owner, client.worker);
      ASSERT_EQ(server.options, client.options);
      ASSERT_EQ(longest(client.pool, client.options, nullptr), ConnectionId::none) << "overtook a waiter";
      server.state = Server::active;
      client.state = Client::linked;
      client.server = result.server;
      held_[number(client.worker)].at(result.server) = Phase::linked;
      ++served_;
    }
  });
}

void LedgerModel::give(std::uint32_t worker, ConnectionId id) {
  ServerBook& server = servers_.at(id);
  if (server.state != Server::closing) server.state = Server::parked;
  held_[worker].at(id) = Phase::idle;
  call(worker, [&](Actions& actions) {
    released_ = id;
    ledger_.give(ids_[server.pool], id, now_, actions);
  });
}

void LedgerModel::remove(std::uint32_t worker, ConnectionId id) {
  const ServerBook server = servers_.at(id);
  servers_.erase(id);
  held_[worker].erase(id);
  if (server.client != ConnectionId::none && clients_.contains(server.client) && server.state == Server::active) {
    ClientBook& client = clients_.at(server.client);
    ASSERT_EQ(client.state, Client::promised);
    client.state = Client::waiting;
    queues_[server.pool].push_front(server.client);
  }
  if (server.state == Server::login) failed_[server.pool] = true;
  call(worker, [&](Actions& actions) { ledger_.removed(ids_[server.pool], id, now_, actions); });
}

// --- what workers do -----------------------------------------------------------------------------------------------

void LedgerModel::carry_out(std::uint32_t worker, const Mail& mail) {
  const Action& action = mail.action;
  if (mail.arrival) return arrive(worker, action);
  if (action.kind == Kind::launch) {
    held_[worker][action.server] = Phase::connecting;
    return;
  }
  const auto held = held_[worker].find(action.server);
  if (held == held_[worker].end()) return;
  switch (action.kind) {
    case Kind::serve: return link(worker, action);
    case Kind::check: held->second = Phase::busy; return;
    case Kind::close: cut(action.server); return remove(worker, action.server);
    case Kind::hand_over:
      held_[worker].erase(held);
      if (number(action.to) == worker) return arrive(worker, action);
      boxes_[number(action.to)][worker].push_back({action, true});
      return;
    case Kind::launch:
    case Kind::fail:
    case Kind::welcome: return;
  }
}

void LedgerModel::arrive(std::uint32_t worker, const Action& action) {
  ServerBook& server = servers_.at(action.server);
  const char* reason = ledger_.moved(ids_[server.pool], action.server, static_cast<WorkerId>(worker));
  server.owner = static_cast<WorkerId>(worker);
  server.client = ConnectionId::none;
  held_[worker][action.server] = Phase::idle;
  ASSERT_EQ(reason != nullptr, server.state == Server::closing);
  if (reason != nullptr) return remove(worker, action.server);
  const auto client = clients_.find(action.client);
  if (client != clients_.end()) client->second.state = Client::linked;
  link(worker, action);
}

void LedgerModel::link(std::uint32_t worker, const Action& action) {
  const auto client = clients_.find(action.client);
  if (client == clients_.end()) return give(worker, action.server);
  ASSERT_EQ(client->second.server, ConnectionId::none);
  client->second.server = action.server;
  held_[worker].at(action.server) = Phase::linked;
  ++served_;
}

void LedgerModel::cut(ConnectionId server) {
  for (auto& [id, client] : clients_) {
    if (client.server != server) continue;
    client.server = ConnectionId::none;
    client.state = Client::idle;
  }
}

// --- what happens --------------------------------------------------------------------------------------------------

void LedgerModel::step() {
  switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: client_event(); break;
    case 5:
    case 6:
    case 7:
    case 8: deliver_one(); break;
    case 9:
    case 10:
    case 11: server_event(false); break;
    case 12: cancel_event(); break;
    case 13:
      if (chance(15)) operator_event();
      break;
    default: pass_time();
  }
  check();
}

bool LedgerModel::deliver_one() {
  const std::uint64_t start = below(kWorkers * (kWorkers + 1));
  for (std::uint64_t i = 0; i < kWorkers * (kWorkers + 1); ++i) {
    const std::uint64_t at = (start + i) % (kWorkers * (kWorkers + 1));
    const auto worker = static_cast<std::uint32_t>(at / (kWorkers + 1));
    Box& box = boxes_[worker][at % (kWorkers + 1)];
    if (box.empty()) continue;
    const Mail mail = box.front();
    box.pop_front();
    carry_out(worker, mail);
    return true;
  }
  return false;
}

void LedgerModel::client_event() {
  const auto chosen = std::next(clients_.begin(), static_cast<std::ptrdiff_t>(below(clients_.size())));
  const ConnectionId id = chosen->first;
  ClientBook& client = chosen->second;
  if (client.state == Client::idle) return take(id);
  if (client.state == Client::linked && client.server != ConnectionId::none) return end_use(id);
  if (!chance(8)) return;
  const bool was_queued = client.state == Client::waiting;
  ASSERT_EQ(ledger_.cancel_wait(client.worker, id), was_queued);
  queues_[client.pool].remove(id);
  for (auto& [server_id, server] : servers_) {
    if (server.client == id) server.client = ConnectionId::none;
  }
  clients_.erase(id);
  new_client();
}

void LedgerModel::end_use(ConnectionId id) {
  ClientBook& client = clients_.at(id);
  const ConnectionId server = std::exchange(client.server, ConnectionId::none);
  const std::uint32_t worker = number(client.worker);
  const PoolId pool = ids_[client.pool];
  client.state = Client::idle;
  ServerBook& book = servers_.at(server);
  const std::uint64_t way = below(12);
  if (way == 0) return remove(worker, server);
  if (way > 2) return give(worker, server);
  held_[worker].at(server) = Phase::busy;
  if (way == 1) ledger_.mark_tested(pool, server);
  if (way == 2) ledger_.mark_being_canceled(pool, server);
  if (book.state == Server::active) book.state = way == 1 ? Server::tested : Server::canceled;
}

void LedgerModel::server_event(bool kindly) {
  const auto worker = static_cast<std::uint32_t>(below(kWorkers));
  if (held_[worker].empty()) return;
  const auto held = std::next(held_[worker].begin(), static_cast<std::ptrdiff_t>(below(held_[worker].size())));
  const auto [id, phase] = *held;
  if (phase == Phase::connecting) return end_login(worker, id, kindly);
  if (phase == Phase::busy) return kindly || !chance(10) ? give(worker, id) : remove(worker, id);
  if (phase == Phase::idle && !kindly && chance(4)) remove(worker, id);
}

void LedgerModel::end_login(std::uint32_t worker, ConnectionId id, bool kindly) {
  ServerBook& server = servers_.at(id);
  server.attempt = false;
  const PoolId pool = ids_[server.pool];
  if (kindly || !chance(5)) {
    if (server.state == Server::login) {
      server.state = Server::parked;
      failed_[server.pool] = false;
    }
    held_[worker].at(id) = Phase::idle;
    return call(worker, [&](Actions& actions) {
      released_ = id;
      ledger_.login_succeeded(pool, id, welcome_, now_, actions);
    });
  }
  LoginFailure failure;
  failure.kind = static_cast<LoginFailure::Kind>(below(4));
  failure.code = chance(2) ? "57P03" : "53300";
  failure.message = "no";
  if (failure.kind != LoginFailure::Kind::aborted && server.state == Server::login) failed_[server.pool] = true;
  servers_.erase(id);
  held_[worker].erase(id);
  call(worker, [&](Actions& actions) { ledger_.login_failed(pool, id, failure, now_, actions); });
}

void LedgerModel::operator_event() {
  const std::string& database = keys_[below(kPools)].database;
  call(kControl, [&](Actions& actions) {
    switch (below(6)) {
      case 0:
        ledger_.pause_all(now_, actions);
        all_paused_ = true;
        break;
      case 1:
        all_paused_ = false;
        ledger_.resume_all(now_, actions);
        break;
      case 2:
        ledger_.pause(database, now_, actions);
        paused_[database] = true;
        break;
      case 3:
        paused_[database] = false;
        ledger_.resume(database, now_, actions);
        break;
      case 4: ledger_.reconnect(chance(2) ? database : std::string(), now_, actions); break;
      default: break;
    }
  });
  if (chance(2)) resume_everything();
  if (chance(4)) change_rules();
}

void LedgerModel::change_rules() {
  const std::size_t pool = below(kPools);
  rules_[pool].pool_size = 1 + static_cast<int>(below(4));
  call(kControl, [&](Actions& actions) { ledger_.set_rules(ids_[pool], rules_[pool], now_, actions); });
}

void LedgerModel::cancel_event() {
  const std::size_t pool = below(kPools);
  if (cancels_[pool] > 0) {
    --cancels_[pool];
    call(kControl, [&](Actions& actions) { ledger_.end_cancel(ids_[pool], now_, actions); });
  } else if (chance(4)) {
    const bool allowed = total(pool) < 2 * rules_[pool].pool_size;
    ASSERT_EQ(ledger_.begin_cancel(ids_[pool]), allowed);
    if (allowed) ++cancels_[pool];
  }
}

void LedgerModel::pass_time() {
  now_ += Micros(below(3000));
  if (!chance(10)) return;
  now_ += milliseconds(333);
  call(kControl, [&](Actions& actions) { ledger_.tick(now_, actions); });
}

void LedgerModel::resume_everything() {
  call(kControl, [&](Actions& actions) {
    all_paused_ = false;
    ledger_.resume_all(now_, actions);
  });
  for (const PoolKey& key : keys_) {
    paused_[key.database] = false;
    call(kControl, [&](Actions& actions) { ledger_.resume(key.database, now_, actions); });
  }
}

}  // namespace uvb
