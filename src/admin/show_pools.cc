#include <map>
#include <string>

#include "admin/show_pieces.h"
#include "config/option_table.h"

namespace uvb {
namespace {

struct Item {
  const ShowContext& context;
  const Ledger::PoolInfo& pool;
  PoolClients clients;
  Cell load_balance;
};

const PoolCounts& counts(const Item& item) { return item.pool.counts; }

Micros longest_wait(const Item& item) {
  const TimePoint start = counts(item).oldest_query_start;
  return start == TimePoint{} || start > item.context.now ? Micros::zero() : item.context.now - start;
}

constexpr std::int64_t kSecond = 1'000'000;

constexpr std::array<Field<Item>, 17> kFields = {{
    {"database", ColumnType::text, [](const Item& item) { return text_cell(item.pool.key.database); }},
    {"user", ColumnType::text, [](const Item& item) { return text_cell(item.pool.key.user); }},
    {"cl_active", ColumnType::int4, [](const Item& item) { return int_cell(item.clients.active); }},
    {"cl_waiting", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).waiting); }},
    {"cl_active_cancel_req", ColumnType::int4,
     [](const Item& item) { return int_cell(item.clients.active_cancel_req); }},
    {"cl_waiting_cancel_req", ColumnType::int4,
     [](const Item& item) { return int_cell(item.clients.waiting_cancel_req); }},
    {"sv_active", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).active); }},
    {"sv_active_cancel", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).active_cancel); }},
    {"sv_being_canceled", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).being_canceled); }},
    {"sv_idle", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).idle); }},
    {"sv_used", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).used); }},
    {"sv_tested", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).tested); }},
    {"sv_login", ColumnType::int4, [](const Item& item) { return int_cell(counts(item).login); }},
    {"maxwait", ColumnType::int4, [](const Item& item) { return int_cell(longest_wait(item).count() / kSecond); }},
    {"maxwait_us", ColumnType::int4, [](const Item& item) { return int_cell(longest_wait(item).count() % kSecond); }},
    {"pool_mode", ColumnType::text, [](const Item& item) { return text_cell(word(item.pool.rules.mode)); }},
    {"load_balance_hosts", ColumnType::text, [](const Item& item) { return item.load_balance; }},
}};
constexpr auto kColumns = columns_of(kFields);

std::map<PoolKey, PoolClients> clients_by_pool(const Census& census) {
  std::map<PoolKey, PoolClients> pools;
  for (const PoolClients& part : census.pool_clients) {
    PoolClients& sum = pools[part.pool];
    sum.active += part.active;
    sum.active_cancel_req += part.active_cancel_req;
    sum.waiting_cancel_req += part.waiting_cancel_req;
  }
  return pools;
}

std::map<std::string, Cell> load_balances(const ConsoleHost& host) {
  std::map<std::string, Cell> cells;
  for (const DatabaseInfo& database : host.databases())
    cells[database.config.name] = load_balance_cell(database.config);
  return cells;
}

std::vector<ConsoleRow> rows(const ShowContext& context) {
  const auto pools = sorted_pools(context.host);
  auto clients = clients_by_pool(context.census);
  auto load_balance = load_balances(context.host);
  std::vector<Item> items;
  for (const Ledger::PoolInfo& pool : pools) {
    items.push_back({context, pool, clients[pool.key], load_balance[pool.key.database]});
  }
  return rows_of(kFields, items);
}

}  // namespace

constinit const ShowTable kShowPools{kColumns, rows};

}  // namespace uvb
