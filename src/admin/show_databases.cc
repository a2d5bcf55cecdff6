#include <algorithm>
#include <map>
#include <string>

#include "admin/console_access.h"
#include "admin/show_pieces.h"
#include "admin/show_table.h"
#include "base/console_name.h"
#include "config/option_table.h"

namespace uvb {
namespace {

struct Item {
  const ShowContext& context;
  const DatabaseInfo& database;
  int servers = 0;
  int clients = 0;
};

const DatabaseConfig& entry(const Item& item) { return item.database.config; }
const Settings& global(const Item& item) { return item.context.config.settings; }

Cell optional_text(const std::optional<std::string>& text) { return text; }
Cell own_or(int own, int inherited) { return int_cell(own >= 0 ? own : inherited); }
Cell positive_or(int own, int inherited) { return int_cell(own > 0 ? own : inherited); }

Cell lifetime(const Item& item) {
  const Micros own = entry(item).server_lifetime;
  const Micros used = own > Micros::zero() ? own : global(item).server_lifetime;
  return int_cell(std::chrono::duration_cast<std::chrono::seconds>(used).count());
}

Cell mode(const Item& item) {
  const auto& own = entry(item).pool_mode;
  return own ? text_cell(word(*own)) : std::nullopt;
}

constexpr std::array<Field<Item>, 17> kFields = {{
    {"name", ColumnType::text, [](const Item& item) { return text_cell(entry(item).name); }},
    {"host", ColumnType::text, [](const Item& item) { return optional_text(entry(item).host); }},
    {"port", ColumnType::int4, [](const Item& item) { return int_cell(entry(item).port); }},
    {"database", ColumnType::text, [](const Item& item) { return text_cell(entry(item).dbname); }},
    {"force_user", ColumnType::text, [](const Item& item) { return optional_text(entry(item).user); }},
    {"pool_size", ColumnType::int4,
     [](const Item& item) { return own_or(entry(item).pool_size, global(item).default_pool_size); }},
    {"min_pool_size", ColumnType::int4,
     [](const Item& item) { return own_or(entry(item).min_pool_size, global(item).min_pool_size); }},
    {"reserve_pool_size", ColumnType::int4,
     [](const Item& item) { return own_or(entry(item).reserve_pool_size, global(item).reserve_pool_size); }},
    {"server_lifetime", ColumnType::int4, lifetime},
    {"pool_mode", ColumnType::text, mode},
    {"load_balance_hosts", ColumnType::text, [](const Item& item) { return load_balance_cell(entry(item)); }},
    {"max_connections", ColumnType::int4,
     [](const Item& item) { return positive_or(entry(item).max_db_connections, global(item).max_db_connections); }},
    {"current_connections", ColumnType::int4, [](const Item& item) { return int_cell(item.servers); }},
    {"max_client_connections", ColumnType::int4,
     [](const Item& item) {
       return positive_or(entry(item).max_db_client_connections, global(item).max_db_client_connections);
     }},
    {"current_client_connections", ColumnType::int4, [](const Item& item) { return int_cell(item.clients); }},
    {"paused", ColumnType::int4, [](const Item& item) { return int_cell(item.database.paused ? 1 : 0); }},
    {"disabled", ColumnType::int4, [](const Item& item) { return int_cell(item.database.disabled ? 1 : 0); }},
}};
constexpr auto kColumns = columns_of(kFields);

// The console's own entry (admin-console.md 1.1).
DatabaseInfo console_entry(const Settings& settings) {
  DatabaseInfo console;
  console.config.name = kConsoleName;
  console.config.dbname = kConsoleName;
  console.config.user = kConsoleName;
  console.config.port = settings.listen_port;
  console.config.pool_size = 2;
  console.config.min_pool_size = 0;
  console.config.reserve_pool_size = 0;
  console.config.pool_mode = PoolMode::statement;
  return console;
}

std::map<std::string, int> servers_by_database(const ConsoleHost& host) {
  std::map<std::string, int> servers;
  for (const auto& pool : host.pools()) servers[pool.key.database] += server_count(pool.counts);
  return servers;
}

int count_of(const std::map<std::string, int>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

std::vector<ConsoleRow> rows(const ShowContext& context) {
  std::vector<DatabaseInfo> databases = context.host.databases();
  databases.push_back(console_entry(context.config.settings));
  std::sort(databases.begin(), databases.end(),
            [](const DatabaseInfo& left, const DatabaseInfo& right) { return left.config.name < right.config.name; });
  const auto servers = servers_by_database(context.host);
  std::vector<Item> items;
  for (const DatabaseInfo& database : databases) {
    const std::string& name = database.config.name;
    items.push_back({context, database, count_of(servers, name), count_of(context.census.database_clients, name)});
  }
  return rows_of(kFields, items);
}

}  // namespace

constinit const ShowTable kShowDatabases{kColumns, rows};

}  // namespace uvb
