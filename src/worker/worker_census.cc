// What a worker tells the console of its connections.
#include "base/console_name.h"
#include "session/client_login.h"
#include "worker/cancel_desk.h"
#include "worker/socket_addresses.h"
#include "worker/worker.h"

namespace uvb {

namespace {

WallTime wall_of(TimePoint when, TimePoint now, WallTime wall) { return wall - (now - when); }

SocketState state_of(const ClientSession& client) {
  switch (client.phase()) {
    case ClientPhase::login: return SocketState::client_login;
    case ClientPhase::waiting: return SocketState::client_waiting;
    case ClientPhase::cancel: return SocketState::client_waiting_cancel_req;
    default: return SocketState::client_active;
  }
}

SocketState state_of(const ServerSession& server) {
  switch (server.phase()) {
    case ServerPhase::login: return SocketState::server_login;
    case ServerPhase::testing: return SocketState::server_tested;
    case ServerPhase::held: return SocketState::server_being_canceled;
    case ServerPhase::linked:
    case ServerPhase::varying: return SocketState::server_active;
    default: return SocketState::server_idle;
  }
}

SocketRow describe(const ClientSession& client, const SessionContext& context, TimePoint now, WallTime wall) {
  SocketRow row;
  row.state = state_of(client);
  row.id = client.id();
  if (client.pool() != nullptr) row.pool = {client.pool()->database, client.pool()->user};
  if (client.is_console()) row.pool = {std::string(kConsoleName), std::string(kConsoleName)};
  row.user = client.user() == "(nouser)" ? "" : client.user();
  describe_addresses(row, client, context.settings().listen_port);
  row.connect_time = wall_of(client.connected_at(), now, wall);
  row.request_time = wall_of(client.last_packet(), now, wall);
  row.query_start = client.query_start();
  row.recv_pos = row.pkt_avail = static_cast<int>(client.unread());
  row.ptr = number(client.id());
  if (client.server() != nullptr) row.link = number(client.server()->id());
  row.tls = client.tls_text();
  if (const auto& name = client.variables().get(VariableTable::kApplicationName)) row.application_name = *name;
  row.prepared_statements = static_cast<int>(client.statement_count());
  return row;
}

SocketRow describe(const ServerSession& server, const Ledger::ServerCondition& condition, TimePoint now,
                   WallTime wall) {
  SocketRow row;
  row.state = condition.used ? SocketState::server_used : state_of(server);
  row.state_since = condition.parked_since;
  row.id = server.id();
  row.pool = {server.pool().database, server.pool().user};
  row.user = server.pool().user;
  describe_addresses(row, server.address(), server.descriptor());
  row.connect_time = wall_of(server.connected_at(), now, wall);
  row.request_time = wall_of(server.last_packet(), now, wall);
  row.close_needed = condition.close_needed;
  row.ptr = number(server.id());
  if (server.client() != nullptr) row.link = number(server.client()->id());
  if (server.backend_key().size() >= 4) row.remote_pid = static_cast<int>(load_u32(server.backend_key().data()));
  row.tls = server.tls_text();
  if (const auto& name = server.variables().get(VariableTable::kApplicationName)) row.application_name = *name;
  row.prepared_statements = static_cast<int>(server.statement_count());
  return row;
}

}  // namespace

void Worker::count_console_query() noexcept {
  ++console_counters_.query_count;
  ++console_counters_.xact_count;
}

Census Worker::census(Gather wanted) {
  const TimePoint now = Loop::now();
  const WallTime wall = wall_now();
  Census census;
  census.used_clients = static_cast<int>(clients_.size());
  census.used_servers = static_cast<int>(servers_.size());
  census.client_bytes = static_cast<int>(sizeof(ClientSession));
  census.server_bytes = static_cast<int>(sizeof(ServerSession));
  for (const auto& [key, view] : views_) census.counters.push_back({view->database, view->user, view->counters});
  census.counters.push_back({"pgbouncer", "pgbouncer", console_counters_});
  std::map<PoolKey, PoolClients> pools;
  for (const auto& [id, client] : clients_) {
    const SocketRow row = describe(*client, *context_, now, wall);
    if (row.state == SocketState::client_login) ++census.login_clients;
    if (!row.pool.database.empty()) {
      PoolClients& pool = pools[row.pool];
      pool.pool = row.pool;
      if (row.state == SocketState::client_active) ++pool.active;
      ++census.database_clients[row.pool.database];
      ++census.user_clients[row.user];
    }
    if (wanted == Gather::sockets) census.sockets.push_back(row);
  }
  for (const auto& [key, pool] : pools) census.pool_clients.push_back(pool);
  cancels_->describe(census, wanted, now, wall);
  if (wanted != Gather::sockets) return census;
  for (const auto& [id, server] : servers_) {
    if (server->is_probe()) continue;
    census.sockets.push_back(describe(*server, commons_.ledger.condition(server->pool().id, id), now, wall));
  }
  return census;
}

}  // namespace uvb
