#include "admin/show_pieces.h"

namespace uvb {
namespace {

constexpr std::array<ConsoleColumn, 2> kListColumns = {{{"list"}, {"items", ColumnType::int4}}};
constexpr std::array<ConsoleColumn, 5> kMemColumns = {{{"name"},
                                                       {"size", ColumnType::int4},
                                                       {"used", ColumnType::int4},
                                                       {"free", ColumnType::int4},
                                                       {"memtotal", ColumnType::int4}}};

std::int64_t size_of(std::size_t count) { return static_cast<std::int64_t>(count); }

ConsoleRow list(std::string_view name, std::int64_t items) { return {text_cell(name), int_cell(items)}; }

// The console's database and pool count; peer pools and a DNS cache of our own do not exist.
std::vector<ConsoleRow> list_rows(const ShowContext& context) {
  const Census& census = context.census;
  return {list("databases", size_of(context.host.databases().size()) + 1),
          list("users", size_of(user_names(context.host).size())),
          list("peers", size_of(context.config.peers.size())),
          list("pools", size_of(context.host.pools().size()) + 1),
          list("peer_pools", 0),
          list("free_clients", census.free_clients),
          list("used_clients", census.used_clients),
          list("login_clients", census.login_clients),
          list("free_servers", census.free_servers),
          list("used_servers", census.used_servers),
          list("dns_names", 0),
          list("dns_zones", 0),
          list("dns_queries", 0),
          list("dns_pending", 0)};
}

ConsoleRow cache(std::string_view name, std::int64_t size, std::int64_t used, std::int64_t free = 0) {
  return {text_cell(name), int_cell(size), int_cell(used), int_cell(free), int_cell((used + free) * size)};
}

// Upstream's object caches by name. There are none here: plain heap objects, counted where they are known.
std::vector<ConsoleRow> mem_rows(const ShowContext& context) {
  const Census& census = context.census;
  return {cache("user_cache", sizeof(UserConfig), size_of(user_names(context.host).size())),
          cache("credentials_cache", 0, 0),
          cache("db_cache", sizeof(DatabaseConfig), size_of(context.host.databases().size()) + 1),
          cache("peer_cache", sizeof(PeerConfig), size_of(context.config.peers.size())),
          cache("peer_pool_cache", 0, 0),
          cache("pool_cache", sizeof(Ledger::PoolInfo), size_of(context.host.pools().size()) + 1),
          cache("outstanding_request_cache", 0, 0),
          cache("server_cache", census.server_bytes, census.used_servers, census.free_servers),
          cache("client_cache", census.client_bytes, census.used_clients, census.free_clients),
          cache("iobuf_cache", 0, 0),
          cache("var_list_cache", 0, 0),
          cache("server_prepared_statement_cache", 0, 0)};
}

}  // namespace

constinit const ShowTable kShowLists{kListColumns, list_rows};
constinit const ShowTable kShowMem{kMemColumns, mem_rows};

}  // namespace uvb
