#include "admin/show_pieces.h"

#include <algorithm>
#include <string>

#include "admin/console_access.h"
#include "base/console_name.h"

namespace uvb {

Cell load_balance_cell(const DatabaseConfig& database) {
  if (!database.host || database.host->find(',') == std::string::npos) return std::nullopt;
  return text_cell(database.load_balance_hosts == LoadBalanceHosts::disable ? "disable" : "round-robin");
}

int server_count(const PoolCounts& counts) {
  return counts.active + counts.active_cancel + counts.being_canceled + counts.idle + counts.used + counts.tested +
         counts.login;
}

std::vector<Ledger::PoolInfo> sorted_pools(const ConsoleHost& host) {
  auto pools = host.pools();
  Ledger::PoolInfo console{};
  console.id = PoolId::none;
  console.key = {std::string(kConsoleName), std::string(kConsoleName)};
  console.rules.mode = PoolMode::statement;
  pools.push_back(std::move(console));
  std::sort(pools.begin(), pools.end(), [](const auto& left, const auto& right) { return left.key < right.key; });
  return pools;
}

std::set<std::string> user_names(const ConsoleHost& host) {
  const auto known = host.users();
  std::set<std::string> names(known.begin(), known.end());
  names.emplace(kConsoleName);
  return names;
}

}  // namespace uvb
