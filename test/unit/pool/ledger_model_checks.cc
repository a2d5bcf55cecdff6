#include <gtest/gtest.h>

#include <algorithm>

#include "ledger_model.h"

namespace uvb {

void LedgerModel::calm_down() {
  resume_everything();
  for (std::size_t pool = 0; pool < kPools; ++pool) {
    while (cancels_[pool] > 0) {
      --cancels_[pool];
      call(kControl, [&](Actions& actions) { ledger_.end_cancel(ids_[pool], now_, actions); });
    }
  }
  const auto waits = [](const auto& entry) {
    return entry.second.state == Client::waiting || entry.second.state == Client::promised;
  };
  for (int round = 0; round < 20000 && std::any_of(clients_.begin(), clients_.end(), waits); ++round) {
    deliver_one();
    server_event(true);
    for (const auto& [id, client] : std::map(clients_)) {
      if (client.server != ConnectionId::none && clients_.at(id).server != ConnectionId::none) end_use(id);
    }
    pass_time();
    check();
    if (testing::Test::HasFatalFailure()) return;
  }
  while (deliver_one()) check();
  EXPECT_FALSE(std::any_of(clients_.begin(), clients_.end(), waits)) << "somebody waits for ever";
}

void LedgerModel::check() {
  if (testing::Test::HasFatalFailure()) return;
  ASSERT_EQ(ledger_.servers(), servers_.size());
  const auto infos = ledger_.pools();
  ASSERT_EQ(infos.size(), kPools);
  for (const Ledger::PoolInfo& info : infos) check_pool(info, pool_of(info.id));
}

void LedgerModel::check_pool(const Ledger::PoolInfo& info, std::size_t pool) {
  const PoolCounts& counts = info.counts;
  ASSERT_EQ(counts.active, count(pool, Server::active));
  ASSERT_EQ(counts.tested, count(pool, Server::tested));
  ASSERT_EQ(counts.being_canceled, count(pool, Server::canceled));
  ASSERT_EQ(counts.login, count(pool, Server::login));
  ASSERT_EQ(counts.idle + counts.used, count(pool, Server::parked));
  ASSERT_EQ(counts.active_cancel, cancels_[pool]);
  const auto waiting = std::count_if(clients_.begin(), clients_.end(), [&](const auto& entry) {
    return entry.second.pool == pool && entry.second.state == Client::waiting;
  });
  ASSERT_EQ(counts.waiting, waiting);
  ASSERT_TRUE(rules_[pool].check_query || counts.used == 0);
  if (!paused(pool)) check_nobody_starves(pool, counts.used > 0);
}

void LedgerModel::check_nobody_starves(std::size_t pool, bool has_used) {
  for (const auto& [id, server] : servers_) {
    if (server.pool != pool || server.state != Server::parked || has_used) continue;
    ASSERT_EQ(longest(pool, server.options, nullptr), ConnectionId::none) << "an idle server fits a waiter";
  }
  const PoolRules& rules = rules_[pool];
  const bool attempt = std::any_of(servers_.begin(), servers_.end(), [&](const auto& entry) {
    return entry.second.pool == pool && entry.second.attempt;
  });
  const bool needed = queues_[pool].size() > static_cast<std::size_t>(count(pool, Server::tested));
  const bool room =
      total(pool) < rules.pool_size &&
      (rules.max_db_connections <= 0 ||
       total_of(&PoolKey::database, keys_[pool].database) < rules.max_db_connections) &&
      (rules.max_user_connections <= 0 || total_of(&PoolKey::user, keys_[pool].user) < rules.max_user_connections);
  ASSERT_FALSE(needed && room && !attempt && !failed_[pool]) << "nobody opens the connection that is needed";
}

int LedgerModel::total(std::size_t pool) const {
  const auto servers =
      std::count_if(servers_.begin(), servers_.end(), [&](const auto& entry) { return entry.second.pool == pool; });
  return static_cast<int>(servers) + cancels_[pool];
}

int LedgerModel::total_of(const std::string PoolKey::*part, const std::string& name) const {
  int sum = 0;
  for (std::size_t pool = 0; pool < kPools; ++pool) {
    if (keys_[pool].*part == name) sum += total(pool);
  }
  return sum;
}

int LedgerModel::count(std::size_t pool, Server state) const {
  return static_cast<int>(std::count_if(servers_.begin(), servers_.end(), [&](const auto& entry) {
    return entry.second.pool == pool && entry.second.state == state;
  }));
}

bool LedgerModel::paused(std::size_t pool) const {
  const auto database = paused_.find(keys_[pool].database);
  return all_paused_ || (database != paused_.end() && database->second);
}

std::size_t LedgerModel::pool_of(PoolId id) const {
  return static_cast<std::size_t>(std::find(ids_.begin(), ids_.end(), id) - ids_.begin());
}

ConnectionId LedgerModel::longest(std::size_t pool, const std::string& options, const WorkerId* worker) const {
  for (const ConnectionId id : queues_[pool]) {
    const ClientBook& client = clients_.at(id);
    if (client.options == options && (worker == nullptr || client.worker == *worker)) return id;
  }
  return ConnectionId::none;
}

}  // namespace uvb
