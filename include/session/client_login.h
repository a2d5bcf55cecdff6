#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/client_authenticator.h"
#include "session/client.h"
#include "session/off_loop.h"
#include "session/startup_request.h"
#include "transport/tls_transport.h"

namespace uvb {

/// The way of a client from its first byte to its welcome (behaviour.md 1). Exists only that long; owned by the
/// ClientSession whose callbacks it takes.
class ClientLogin {
 public:
  explicit ClientLogin(ClientSession& client) : client_(client), context_(client.context_) {}
  ~ClientLogin() = default;

  // --- told by the session ---
  void on_bytes();
  void on_readable();  ///< only when reads_itself()
  void on_probe();
  void on_welcome();
  void tick(TimePoint now);
  /// The session ends while the crypto pool is at work: what it works on is kept for it.
  void give_up();
  /// Takes back what the crypto pool is through with and did not tell.
  void collect() { off_loop_.collect(); }

  /// For log lines: `(nodb)` as long as the pool is not known, and for users and databases that do not exist.
  [[nodiscard]] std::string database_shown() const;
  [[nodiscard]] bool busy() const noexcept { return off_loop_.busy(); }
  [[nodiscard]] bool handshaking() const noexcept { return step_ == Step::tls_handshake; }
  [[nodiscard]] bool reads_itself() const noexcept { return handshaking() && !busy(); }
  [[nodiscard]] bool wants_bytes() const noexcept {
    return !busy() && (step_ == Step::first_packet || step_ == Step::tls_handshake || step_ == Step::authentication);
  }
  /// It is known who the client is, and only the server is missing.
  [[nodiscard]] bool awaits_server() const noexcept { return step_ == Step::probe || step_ == Step::welcome; }

 private:
  /// Named after what is awaited.
  enum class Step : std::uint8_t { first_packet, tls_handshake, probe, authentication, welcome };

  // client_login.cc: the first packets
  bool on_first_packet();
  bool on_ssl_request(std::size_t size, std::size_t at_hand);
  bool on_gss_request(std::size_t size, std::size_t at_hand);
  void start_tls();
  void handshake_step();
  void handshake_on_loop();
  void on_handshake(TlsStatus status);
  [[nodiscard]] bool tls_offered() const noexcept;
  void answer(char byte);

  // client_identity.cc: who it is, and whether it is true
  void on_startup(ByteView body, std::uint16_t minor);
  bool take_request(ByteView body);
  void negotiate(std::uint16_t minor);
  bool find_database();
  bool find_again();
  void announce();
  bool join_limits();
  bool check_console();
  /// The user that takes the place of the requested name where nobody asks who it is: the database's forced one under
  /// auth_type=any, the console's own (admin-console.md 1.2).
  [[nodiscard]] std::optional<std::string> user_for_all() const;
  bool check_refusal();
  void warn_of_ignored_parameters();
  void choose_method();
  void decide_bridge();
  [[nodiscard]] bool may_ask_server() const;
  [[nodiscard]] const std::string& asking_user() const;
  [[nodiscard]] bool bridge_possible() const;
  [[nodiscard]] std::shared_ptr<const StoredSecret> secret_to_check() const;
  void imitate_a_database();
  void begin_authentication();
  void on_auth_message();
  void apply(AuthStep step);
  void run_auth_work();
  void authenticated();
  void open_console();
  void await_welcome();
  void welcome();
  void log_attempt() const;
  [[nodiscard]] std::string pool_user() const;
  void add_host_to_name();

  ClientSession& client_;
  SessionContext& context_;
  Step step_ = Step::first_packet;
  bool greeted_ = false;  ///< a protocol negotiation was sent
  bool is_console_ = false;
  bool is_admin_ = false;
  bool fake_database_ = false;  ///< it does not exist; told only after the password (guarantee G10)
  bool own_user_ = false;       ///< console over the Unix socket by the pooler's own OS user
  bool refused_until_known_ = false;
  StartupRequest request_;
  std::shared_ptr<const Snapshot> snapshot_;  ///< the one in force at the startup packet
  std::shared_ptr<const DatabaseConfig> database_;
  std::shared_ptr<DatabaseState> state_;
  /// Decide what is asked before it is known who this is: the above or, if there is no such database, another's.
  std::shared_ptr<const DatabaseConfig> asking_database_;
  std::shared_ptr<DatabaseState> asking_state_;
  std::shared_ptr<const StoredSecret> secret_;
  AuthMethod method_ = AuthMethod::md5;
  std::unique_ptr<ClientAuthenticator> authenticator_;
  Buffer held_reply_;  ///< goes out with the welcome
  TlsTransport* tls_ = nullptr;
  OffLoop off_loop_;
};

}  // namespace uvb
