#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/stored_secret.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/log.h"
#include "config/snapshot.h"
#include "session/handshake_budget.h"
#include "session/held_sends.h"
#include "session/lent_memory.h"
#include "session/login_failure.h"
#include "session/pool_view.h"
#include "session/send_list.h"
#include "session/shared_state.h"
#include "session/statements.h"
#include "session/variables.h"
#include "transport/tls_context.h"
#include "transport/transport.h"
#include "uv/crypto_pool.h"
#include "uv/loop.h"

namespace uvb {

class ClientSession;
class ServerSession;

/// The users of auth_file; the verifiers cached in their secrets are shared by all workers.
using UserSecrets = std::map<std::string, std::shared_ptr<const StoredSecret>, std::less<>>;

/// What users who do not exist are treated by: a user whose secret is a hash of the kind that prevails.
struct StandIn {
  std::string user;                            ///< what servers ask of this one counts
  std::shared_ptr<const StoredSecret> secret;  ///< no password matches it; null: no secret in the list is a hash
};

/// All that RELOAD and SET replace, as one immutable object. Any thread.
struct Snapshot {
  std::shared_ptr<const Config> config;
  std::shared_ptr<const UserSecrets> users;
  StandIn stand_in;
  std::shared_ptr<const TlsContext> client_tls;  ///< null: client_tls_sslmode = disable
  std::shared_ptr<const TlsContext> server_tls;  ///< null: server_tls_sslmode = disable, or server_tls_error
  std::string server_tls_error;  ///< why there is no server_tls although server_tls_sslmode wants it; else empty
  std::shared_ptr<const Secret> mock_key;  ///< for the salts of unknown users; one per process

  /// The database as the configuration has it, one of the `*` line made for it; null when there is none.
  [[nodiscard]] std::shared_ptr<const DatabaseConfig> database(const std::string& name) const;
  /// Null for nobody of auth_file.
  [[nodiscard]] std::shared_ptr<const StoredSecret> secret(std::string_view user) const;
  [[nodiscard]] bool same_server_tls(const Snapshot& other) const;
};

/// The console as a client's session sees it; made by admin's rooms (worker/console_link.h).
class ConsoleBackend {
 public:
  virtual ~ConsoleBackend() = default;
  /// What a console client is told at login, behind the authentication (admin-console.md 1.3).
  virtual void append_welcome(Buffer& out, ByteView key) = 0;
  /// A whole message of the logged-in console client. Answers go out by ClientSession::console_reply().
  virtual void on_message(char type, ByteView body) = 0;
};

enum class TakeOutcome : std::uint8_t { granted, queued, refused };

/// What sessions need of the worker they live on (implemented by worker/). Own thread only; nothing here destroys the
/// caller: retired sessions are freed after the outermost callback.
class SessionServices {
 public:
  virtual ~SessionServices() = default;

  /// The worker's view of a pool, made when need be. `config` is the present snapshot's.
  virtual PoolView& open_pool(const std::shared_ptr<const DatabaseConfig>& config, const std::string& user) = 0;
  virtual void client_joined(ClientSession& client) = 0;

  /// A server for `client`: granted links it at once (client.server() is set); queued calls ClientSession::on_server()
  /// or fail() later; refused tells why in `error`.
  virtual TakeOutcome take(ClientSession& client, std::string& error) = 0;
  /// The client's first welcome: queued, then ClientSession::on_welcome() or fail().
  virtual TakeOutcome await_welcome(ClientSession& client, std::string& error) = 0;
  virtual void cancel_wait(ClientSession& client) = 0;

  virtual void server_logged_in(ServerSession& server, std::shared_ptr<const Welcome> welcome) = 0;
  virtual void server_login_failed(ServerSession& server, const LoginFailure& failure) = 0;
  virtual void server_tested(ServerSession& server) = 0;
  virtual void server_held(ServerSession& server) = 0;
  /// Clean and unlinked: back into the pool.
  virtual void server_free(ServerSession& server) = 0;
  virtual bool server_close_needed(const ServerSession& server) = 0;

  /// Ends the session's life: the connection is closed already. For a server the pool's books are corrected.
  virtual void retire(ClientSession& client) = 0;
  virtual void retire(ServerSession& server) = 0;

  /// A CancelRequest with `key`; the worker answers by ClientSession::close() when its connection may be closed.
  virtual void cancel(ClientSession& requester, ByteView key) = 0;
  /// PAUSE: no new connection to its servers may be made.
  [[nodiscard]] virtual bool stopped(const std::string& database) const = 0;
  /// Asks the server of `config` which authentication it wants; waiting logins are told by ClientSession::on_probe().
  virtual void probe(const std::shared_ptr<const DatabaseConfig>& config, const std::string& user) = 0;
  virtual std::unique_ptr<ConsoleBackend> open_console(ClientSession& client, bool admin,
                                                       const VariableValues& asked) = 0;
};

/// What every session of one worker shares. Lives as long as the worker; own thread only.
struct SessionContext {
  Loop& loop;
  CryptoPool& crypto;
  Log& log;
  SharedState& shared;
  StatementRegistry& statements;
  const VariableTable& variables;
  SessionServices& services;
  WorkerId worker{};
  std::shared_ptr<const Snapshot> snapshot;

  LentMemory lent;
  SendList outgoing{};  ///< what the message at hand sends; empty between events
  HeldSends held{};     ///< what servers are sent at the end of the turn
  TurnClock clock{};
  HandshakeBudget handshakes{};

  [[nodiscard]] const Settings& settings() const noexcept { return snapshot->config->settings; }
};

}  // namespace uvb
