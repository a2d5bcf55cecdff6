#pragma once

#include <set>
#include <string>
#include <vector>

#include "admin/show_table.h"
#include "config/database.h"
#include "pool/ledger.h"

namespace uvb {

/// load_balance_hosts of a database: NULL unless it has several hosts.
[[nodiscard]] Cell load_balance_cell(const DatabaseConfig& database);

/// Server connections of a pool in whatever state, cancel connections among them.
[[nodiscard]] int server_count(const PoolCounts& counts);

/// The host's pools and the console's own, by database and user (bytewise).
[[nodiscard]] std::vector<Ledger::PoolInfo> sorted_pools(const ConsoleHost& host);

/// Names of all known users, `pgbouncer` among them.
[[nodiscard]] std::set<std::string> user_names(const ConsoleHost& host);

}  // namespace uvb
