#include <algorithm>
#include <string>
#include <tuple>

#include "admin/show_table.h"

namespace uvb {
namespace {

struct Item {
  const SocketRow& socket;
  const ShowContext& context;
  bool in_socket_list;  ///< SHOW SOCKETS and ACTIVE_SOCKETS name states otherwise
};

// --- states ----------------------------------------------------------------------------------------------------------

struct StateNames {
  std::string_view list;     ///< SHOW CLIENTS, SHOW SERVERS; empty: not listed
  std::string_view sockets;  ///< SHOW SOCKETS; empty: not listed
};

StateNames names(SocketState state) {
  switch (state) {
    case SocketState::client_login: return {"", "cl_login"};
    case SocketState::client_active: return {"active", "cl_active"};
    case SocketState::client_waiting: return {"waiting", "cl_waiting"};
    case SocketState::client_active_cancel_req: return {"active_cancel_req", ""};
    case SocketState::client_waiting_cancel_req: return {"waiting_cancel_req", ""};
    case SocketState::server_active: return {"active", "sv_active"};
    case SocketState::server_idle: return {"idle", "sv_idle"};
    case SocketState::server_used: return {"used", "sv_used"};
    case SocketState::server_tested: return {"tested", "sv_tested"};
    case SocketState::server_login: return {"new", "sv_login"};
    case SocketState::server_active_cancel: return {"active_cancel", ""};
    case SocketState::server_being_canceled: return {"being_canceled", ""};
  }
  return {};
}

Cell state(const Item& item) {
  const SocketRow& socket = item.socket;
  if (item.in_socket_list) return text_cell(names(socket.state).sockets);
  const bool linkable = socket.state == SocketState::client_active || socket.state == SocketState::server_active;
  return text_cell(linkable && socket.link == 0 ? "idle" : names(socket.state).list);
}

// --- cells -----------------------------------------------------------------------------------------------------------

Cell text_or(const std::string& text, std::string_view otherwise) { return text_cell(text.empty() ? otherwise : text); }

Cell replication(const Item& item) {
  switch (item.socket.replication) {
    case ReplicationKind::logical: return text_cell("logical");
    case ReplicationKind::physical: return text_cell("physical");
    case ReplicationKind::none: break;
  }
  return text_cell("none");
}

// A moment that is not known is shown as now, as upstream does; tools parse the column.
Cell request_time(const Item& item) {
  const WallTime time = item.socket.request_time;
  return time_cell(time == WallTime{} ? item.context.wall : time);
}

Micros wait(const Item& item) {
  const TimePoint start = item.socket.query_start;
  const bool waits = is_client(item.socket.state) && start != TimePoint{} && start < item.context.now;
  return waits ? item.context.now - start : Micros::zero();
}

constexpr std::int64_t kSecond = 1'000'000;

constexpr std::array<Field<Item>, 28> kSocketFields = {{
    {"type", ColumnType::text, [](const Item& item) { return text_cell(is_client(item.socket.state) ? "C" : "S"); }},
    {"user", ColumnType::text, [](const Item& item) { return text_or(item.socket.user, "(nouser)"); }},
    {"database", ColumnType::text, [](const Item& item) { return text_or(item.socket.pool.database, "(nodb)"); }},
    {"replication", ColumnType::text, replication},
    {"state", ColumnType::text, state},
    {"addr", ColumnType::text, [](const Item& item) { return text_or(item.socket.addr, "(bad-af)"); }},
    {"port", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.port); }},
    {"local_addr", ColumnType::text, [](const Item& item) { return text_or(item.socket.local_addr, "(bad-af)"); }},
    {"local_port", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.local_port); }},
    {"connect_time", ColumnType::text, [](const Item& item) { return time_cell(item.socket.connect_time); }},
    {"request_time", ColumnType::text, request_time},
    {"wait", ColumnType::int4, [](const Item& item) { return int_cell(wait(item).count() / kSecond); }},
    {"wait_us", ColumnType::int4, [](const Item& item) { return int_cell(wait(item).count() % kSecond); }},
    {"close_needed", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.close_needed ? 1 : 0); }},
    {"ptr", ColumnType::text, [](const Item& item) { return pointer_cell(item.socket.ptr); }},
    {"link", ColumnType::text, [](const Item& item) { return pointer_cell(item.socket.link); }},
    {"remote_pid", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.remote_pid); }},
    {"tls", ColumnType::text, [](const Item& item) { return text_cell(item.socket.tls); }},
    {"application_name", ColumnType::text, [](const Item& item) { return text_cell(item.socket.application_name); }},
    {"prepared_statements", ColumnType::int4,
     [](const Item& item) { return int_cell(item.socket.prepared_statements); }},
    {"id", ColumnType::int4,
     [](const Item& item) { return int_cell(static_cast<std::int64_t>(number(item.socket.id))); }},
    {"recv_pos", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.recv_pos); }},
    {"pkt_pos", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.pkt_pos); }},
    {"pkt_remain", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.pkt_remain); }},
    {"send_pos", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.send_pos); }},
    {"send_remain", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.send_remain); }},
    {"pkt_avail", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.pkt_avail); }},
    {"send_avail", ColumnType::int4, [](const Item& item) { return int_cell(item.socket.send_avail); }},
}};
constexpr auto kSocketColumns = columns_of(kSocketFields);
// SHOW CLIENTS and SHOW SERVERS end before the buffer internals.
constexpr std::size_t kCommonColumns = 21;
constexpr std::span<const ConsoleColumn> kListColumns{kSocketColumns.data(), kCommonColumns};

// --- order -----------------------------------------------------------------------------------------------------------

bool newest_first(const SocketRow& socket, const Settings& settings) {
  return socket.state == SocketState::server_used ||
         (socket.state == SocketState::server_idle && !settings.server_round_robin);
}

auto age_key(const SocketRow& socket, const Settings& settings) {
  const auto since = socket.state_since.time_since_epoch().count();
  return std::make_tuple(newest_first(socket, settings) ? -since : since, number(socket.id));
}

bool is_login(const SocketRow& socket) { return socket.state == SocketState::client_login; }

// By pool, then by list, then by age within it; the clients still logging in come last.
bool stands_before(const SocketRow& left, const SocketRow& right, const Settings& settings) {
  if (is_login(left) != is_login(right)) return is_login(right);
  if (!is_login(left) && left.pool != right.pool) return left.pool < right.pool;
  if (left.state != right.state) return left.state < right.state;
  return age_key(left, settings) < age_key(right, settings);
}

template <class Filter>
std::vector<ConsoleRow> make_rows(const ShowContext& context, bool in_socket_list, Filter&& wanted) {
  std::vector<const SocketRow*> sockets;
  for (const SocketRow& socket : context.census.sockets) {
    const StateNames name = names(socket.state);
    const bool listed = !(in_socket_list ? name.sockets : name.list).empty();
    if (listed && wanted(socket)) sockets.push_back(&socket);
  }
  std::sort(sockets.begin(), sockets.end(), [&context](const SocketRow* left, const SocketRow* right) {
    return stands_before(*left, *right, context.config.settings);
  });
  const std::span<const Field<Item>> all = kSocketFields;
  const auto fields = in_socket_list ? all : all.first(kCommonColumns);
  std::vector<ConsoleRow> rows;
  for (const SocketRow* socket : sockets) rows.push_back(row_of(fields, Item{*socket, context, in_socket_list}));
  return rows;
}

std::vector<ConsoleRow> client_rows(const ShowContext& context) {
  return make_rows(context, false, [](const SocketRow& socket) { return is_client(socket.state); });
}

std::vector<ConsoleRow> server_rows(const ShowContext& context) {
  return make_rows(context, false, [](const SocketRow& socket) { return !is_client(socket.state); });
}

std::vector<ConsoleRow> socket_rows(const ShowContext& context) {
  return make_rows(context, true, [](const SocketRow&) { return true; });
}

std::vector<ConsoleRow> active_socket_rows(const ShowContext& context) {
  return make_rows(context, true,
                   [&](const SocketRow& socket) { return socket.unfinished() || socket.id == context.session; });
}

}  // namespace

constinit const ShowTable kShowClients{kListColumns, client_rows};
constinit const ShowTable kShowServers{kListColumns, server_rows};
constinit const ShowTable kShowSockets{kSocketColumns, socket_rows};
constinit const ShowTable kShowActiveSockets{kSocketColumns, active_socket_rows};

}  // namespace uvb
