#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/server_authenticator.h"
#include "session/off_loop.h"
#include "session/server.h"
#include "transport/tls_transport.h"

namespace uvb {

/// The way of a server connection from nothing to its first ReadyForQuery (behaviour.md 8). Exists only that long;
/// owned by the ServerSession whose callbacks it takes.
class ServerLogin {
 public:
  explicit ServerLogin(ServerSession& server);
  ~ServerLogin();

  void start();
  void on_ready();
  /// The time allowed is over.
  void timed_out();
  [[nodiscard]] TimePoint started_at() const noexcept { return started_at_; }

 private:
  enum class Step : std::uint8_t { connecting, ssl_answer, tls_handshake, authentication, greeting, connect_query };

  void on_connected(Result<UniqueFd> result);
  [[nodiscard]] SslMode ssl_mode() const noexcept { return snapshot_->config->settings.server_tls_sslmode; }
  void ask_for_tls();
  void on_ssl_answer();
  void start_tls();
  void shake_hands();
  void step_handshake_elsewhere();
  void on_handshake(TlsStatus status);
  void send_startup();
  void read_messages();
  bool on_message(const MessageHead& head, ByteView body);
  bool on_auth_request(ByteView body);
  bool apply(AuthStep step);
  [[nodiscard]] bool can_ask_clients() const;
  void warn_of_bare_password() const;
  void run_auth_work();
  bool on_error_response(ByteView body);
  void on_parameter(ByteView body);
  void on_ready_for_query();
  [[nodiscard]] bool outdated() const;
  void finish();
  bool send(Buffer& bytes);
  void watch(bool readable);
  void fail(LoginFailure failure, const std::string& reason);
  void fail_connection(const std::string& reason) { fail({LoginFailure::Kind::connection, {}, reason}, reason); }
  [[nodiscard]] ServerCredentials credentials() const;

  ServerSession& server_;
  SessionContext& context_;
  Step step_ = Step::connecting;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Transport> transport_;
  TlsTransport* tls_ = nullptr;                     ///< transport_, once it is TLS
  std::shared_ptr<const Snapshot> snapshot_;        ///< the one in force when the login began
  std::shared_ptr<const DatabaseConfig> database_;  ///< as it was then
  std::unique_ptr<ServerAuthenticator> authenticator_;
  std::shared_ptr<const Secret> sent_password_;
  Welcome welcome_;
  TimePoint started_at_;
  OffLoop off_loop_;
  /// Lets a handler find out that it ended the login.
  std::shared_ptr<ServerLogin*> self_;
};

}  // namespace uvb
