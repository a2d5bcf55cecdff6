#include <fmt/format.h>

#include <map>
#include <string>

#include "admin/console_access.h"
#include "admin/show_pieces.h"
#include "config/option_table.h"

namespace uvb {
namespace {

struct Item {
  std::string name;
  UserConfig config;  ///< its [users] line, or nothing but "inherit"
  const Settings& settings;
  int servers = 0;
  int clients = 0;
};

// Upstream's columns are text, nine characters wide, and stay empty without an override (admin-console.md 9, trap 14).
Cell size_cell(int size) { return size < 0 ? std::string() : fmt::format("{:9}", size); }
Cell positive_or(int own, int inherited) { return int_cell(own > 0 ? own : inherited); }

Cell mode(const Item& item) { return item.config.pool_mode ? text_cell(word(*item.config.pool_mode)) : std::nullopt; }

constexpr std::array<Field<Item>, 8> kFields = {{
    {"name", ColumnType::text, [](const Item& item) { return text_cell(item.name); }},
    {"pool_size", ColumnType::text, [](const Item& item) { return size_cell(item.config.pool_size); }},
    {"reserve_pool_size", ColumnType::text, [](const Item& item) { return size_cell(item.config.reserve_pool_size); }},
    {"pool_mode", ColumnType::text, mode},
    {"max_user_connections", ColumnType::int4,
     [](const Item& item) {
       return positive_or(item.config.max_user_connections, item.settings.max_user_connections);
     }},
    {"current_connections", ColumnType::int4, [](const Item& item) { return int_cell(item.servers); }},
    {"max_user_client_connections", ColumnType::int4,
     [](const Item& item) {
       return positive_or(item.config.max_user_client_connections, item.settings.max_user_client_connections);
     }},
    {"current_client_connections", ColumnType::int4, [](const Item& item) { return int_cell(item.clients); }},
}};
constexpr auto kColumns = columns_of(kFields);

std::map<std::string, int> servers_by_user(const ConsoleHost& host) {
  std::map<std::string, int> servers;
  for (const auto& pool : host.pools()) servers[pool.key.user] += server_count(pool.counts);
  return servers;
}

std::vector<ConsoleRow> rows(const ShowContext& context) {
  const auto known = user_names(context.host);
  const auto servers = servers_by_user(context.host);
  const auto& clients = context.census.user_clients;
  std::vector<Item> items;
  for (const std::string& name : known) {
    Item item{name, {}, context.config.settings};
    if (const auto found = context.config.users.find(name); found != context.config.users.end())
      item.config = found->second;
    if (const auto found = servers.find(name); found != servers.end()) item.servers = found->second;
    if (const auto found = clients.find(name); found != clients.end()) item.clients = found->second;
    items.push_back(std::move(item));
  }
  return rows_of(kFields, items);
}

}  // namespace

constinit const ShowTable kShowUsers{kColumns, rows};

}  // namespace uvb
