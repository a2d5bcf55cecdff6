#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "pool/ledger.h"
#include "stats/counters.h"

namespace uvb {

/// What a connection is doing, as SHOW CLIENTS, SERVERS and SOCKETS tell it (admin-console.md 2.11).
enum class SocketState : std::uint8_t {
  client_login,               ///< not logged in yet and not queued
  client_active,              ///< logged in, not queued; whether `idle` is shown follows from `link`
  client_waiting,             ///< queued for a server
  client_active_cancel_req,   ///< its cancel request was forwarded
  client_waiting_cancel_req,  ///< its cancel request waits for a connection
  server_active,
  server_idle,
  server_used,
  server_tested,
  server_login,  ///< connecting or logging in: `new`, resp. `sv_login`
  server_active_cancel,
  server_being_canceled,
};

[[nodiscard]] constexpr bool is_client(SocketState state) noexcept { return state < SocketState::server_active; }

enum class ReplicationKind : std::uint8_t { none, logical, physical };

/// One connection, as its worker describes it.
struct SocketRow {
  SocketState state = SocketState::client_login;
  ConnectionId id = ConnectionId::none;
  PoolKey pool;           ///< for the order of rows; `pool.database` is shown, empty as `(nodb)`
  std::string user;       ///< client: login name; server: name used on the server; empty is shown as `(nouser)`
  TimePoint state_since;  ///< for the order of rows: when it entered its state; may be left unset, then ids decide

  ReplicationKind replication = ReplicationKind::none;
  std::string addr;  ///< remote address without brackets, `unix`, or empty when not connected yet
  int port = 0;
  std::string local_addr;  ///< `unix` on Unix sockets
  int local_port = 0;
  WallTime connect_time;
  WallTime request_time;  ///< unset: shown as now
  TimePoint query_start;  ///< of the query in progress; unset: none
  bool close_needed = false;
  std::uint64_t ptr = 0;   ///< the number in log prefixes
  std::uint64_t link = 0;  ///< ptr of the partner; 0: none
  int remote_pid = 0;      ///< pid of the Unix peer, or a server's backend pid
  std::string tls;         ///< as TlsEngine::description(); empty without TLS
  std::string application_name;
  int prepared_statements = 0;
  // Buffer internals, bytes.
  int recv_pos = 0;
  int pkt_pos = 0;
  int pkt_remain = 0;
  int send_pos = 0;
  int send_remain = 0;
  int pkt_avail = 0;
  int send_avail = 0;

  /// Whether ACTIVE_SOCKETS lists it: unprocessed data or a message sent on half.
  [[nodiscard]] bool unfinished() const noexcept {
    return pkt_remain != 0 || send_remain != 0 || pkt_avail != 0 || send_avail != 0;
  }
};

/// Clients of one pool by what SHOW POOLS counts. Waiting ones are the ledger's.
struct PoolClients {
  PoolKey pool;
  int active = 0;  ///< logged in and not queued, linked or idle
  int active_cancel_req = 0;
  int waiting_cancel_req = 0;
};

/// A cancel request whose client was found. Its own worker only knows the connection it came by.
struct CancelRow {
  ConnectionId requester = ConnectionId::none;
  PoolKey pool;            ///< of the client that is meant
  std::uint64_t link = 0;  ///< ptr of the connection that delivers it; 0: it waits for one
};

/// How much a command has to know of all workers.
enum class Gather : std::uint8_t {
  nothing,
  counts,   ///< a Census without `sockets`
  sockets,  ///< a whole Census
};

/// What all workers know of their connections; one part of each is merged. Lists may name a pool several times (once
/// per worker): whoever reads them adds up. Console sessions belong to PoolKey{"pgbouncer", "pgbouncer"}.
struct Census {
  std::vector<SocketRow> sockets;  ///< any order
  std::vector<PoolCounters> counters;
  std::vector<PoolClients> pool_clients;
  std::vector<CancelRow> cancels;
  std::map<std::string, int> database_clients;  ///< clients past the connection count check, by database entry
  std::map<std::string, int> user_clients;      ///< likewise by login name
  int login_clients = 0;
  int used_clients = 0;  ///< every accepted connection
  int free_clients = 0;  ///< preallocated
  int used_servers = 0;
  int free_servers = 0;
  int client_bytes = 0;  ///< size of one client object, for SHOW MEM; 0: unknown
  int server_bytes = 0;

  /// Adds another worker's part.
  void merge(Census&& part);
  /// When all parts are there: tells the sockets of cancel requests what `cancels` has of them.
  void place_cancels();
};

}  // namespace uvb
