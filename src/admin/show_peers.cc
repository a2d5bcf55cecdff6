#include "admin/show_table.h"

namespace uvb {
namespace {

constexpr std::array<ConsoleColumn, 4> kPeerColumns = {
    {{"peer_id", ColumnType::int4}, {"host"}, {"port", ColumnType::int4}, {"pool_size", ColumnType::int4}}};
constexpr std::array<ConsoleColumn, 5> kPeerPoolColumns = {{{"peer_id", ColumnType::int4},
                                                            {"cl_active_cancel_req", ColumnType::int4},
                                                            {"cl_waiting_cancel_req", ColumnType::int4},
                                                            {"sv_active_cancel", ColumnType::int4},
                                                            {"sv_login", ColumnType::int4}}};

std::vector<ConsoleRow> peer_rows(const ShowContext& context) {
  std::vector<ConsoleRow> rows;
  for (const auto& [id, peer] : context.config.peers) {
    const int pool_size = peer.pool_size >= 0 ? peer.pool_size : context.config.settings.default_pool_size;
    rows.push_back({int_cell(id), text_cell(peer.host), int_cell(peer.port), int_cell(pool_size)});
  }
  return rows;
}

// A row appears after the first cancel for a peer, and cancels are not sent to peers in this version.
std::vector<ConsoleRow> peer_pool_rows(const ShowContext&) { return {}; }

}  // namespace

constinit const ShowTable kShowPeers{kPeerColumns, peer_rows};
constinit const ShowTable kShowPeerPools{kPeerPoolColumns, peer_pool_rows};

}  // namespace uvb
