#pragma once

#include <netinet/in.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "protocol/frame.h"
#include "protocol/sqlstate.h"
#include "session/context.h"
#include "session/outstanding.h"
#include "session/read_window.h"
#include "session/statements.h"
#include "session/variables.h"
#include "transport/transport.h"
#include "uv/poll.h"
#include "uv/resolver.h"

namespace uvb {

class ClientLogin;
class ServerSession;

/// What a client connection is waiting for.
enum class ClientPhase : std::uint8_t {
  login,    ///< for the client to say who it is
  active,   ///< for a request, or for its answer when a server is linked
  waiting,  ///< for a server (or, logging in, for the pool's first welcome)
  varying,  ///< linked; for its variables to be set on the server
  cancel,   ///< it is a cancel request; for the cancel to be delivered
  closed,
};

/// Where a client comes from. There may be thousands of them: kept small.
struct ClientAddress {
  bool is_unix = false;
  sockaddr_in6 remote{};  ///< of a TCP client, IPv4 or IPv6 as its family says
  int unix_pid = 0;
  std::uint32_t unix_uid = 0xffffffff;
};

/// One client connection: login, then relaying of requests to whatever server it is lent. Lives and dies on one worker.
/// Functions marked cold are off a transaction's way, and their code stands apart from what is on it.
class ClientSession final : public PollListener {
 public:
  using Key = std::array<std::uint8_t, 8>;

  ClientSession(SessionContext& context, ConnectionId id, std::unique_ptr<Transport> transport,
                std::unique_ptr<ClientAddress> address);
  ~ClientSession() override;

  // --- told by the worker ---
  void start();
  /// A server was lent: go on with the request that wanted it.
  void on_server(ServerSession& server);
  [[gnu::cold]] void on_welcome();
  [[gnu::cold]] void on_probe();
  /// The server that was promised is not usable: asks for another.
  [[gnu::cold]] void on_no_server();
  /// FATAL `message` to the client, then close.
  [[gnu::cold]] void fail(std::string_view message, std::string_view code = kProtocolViolation);
  /// A FATAL `reason` was sent: closes, and logs it.
  [[gnu::cold]] void failed(std::string_view reason);
  /// Closes without a word to the client.
  [[gnu::cold]] void close(std::string_view reason);
  /// It sent a message that nobody knows.
  [[gnu::cold]] void log_unknown_message(char type);
  void tick(TimePoint now);
  [[gnu::cold]] void console_reply(ByteView bytes, bool busy);

  // --- told by its server ---
  void on_variables_set();
  /// The server connection is gone: tells the client why and closes it.
  [[gnu::cold]] void on_server_lost(std::string_view reason);
  /// It is gone while nothing of this client's was on it: the next request takes another.
  [[gnu::cold]] void on_server_left();
  void on_ready_for_query(char status, bool batch_over);
  void copy_begun() noexcept { in_copy_ = true; }
  void copy_ended() noexcept { in_copy_ = false; }
  void set_variable(std::size_t index, VariableValues::Value value) { variables_.set(index, std::move(value)); }
  /// All of them were deallocated, but for those in `kept`, parsed behind that.
  [[gnu::cold]] void forget_statements(const std::unordered_set<const Statement*>& kept);
  void check_server_timeouts(TimePoint now, bool idle_in_transaction, TimePoint last_server_packet);
  /// Sends what the context's outgoing holds to the client.
  void send_gathered();
  /// Gives the server back when pool mode and state allow it.
  void consider_release();
  void update_interest();
  void resume();
  /// The client takes no more for now.
  [[nodiscard]] bool blocked() const noexcept { return transport_ != nullptr && transport_->blocked(); }

  // --- looked at ---
  [[nodiscard]] ConnectionId id() const noexcept { return id_; }
  [[nodiscard]] ClientPhase phase() const noexcept { return phase_; }
  [[nodiscard]] bool logged_in() const noexcept { return logged_in_; }
  [[nodiscard]] ServerSession* server() const noexcept { return server_; }
  [[nodiscard]] PoolView* pool() const noexcept { return pool_; }
  [[nodiscard]] const std::string& user() const;
  [[nodiscard]] const VariableValues& variables() const noexcept { return variables_; }
  [[nodiscard]] VariableValues& variables() noexcept { return variables_; }
  [[nodiscard]] const std::string& server_options() const;
  [[nodiscard]] const Key& key() const noexcept { return key_; }
  [[nodiscard]] const ClientAddress& address() const noexcept { return *address_; }
  /// Below 0 when the connection is closed.
  [[nodiscard]] int descriptor() const noexcept { return transport_ ? transport_->descriptor() : -1; }
  [[nodiscard]] TimePoint connected_at() const noexcept { return connected_at_; }
  [[nodiscard]] TimePoint last_packet() const noexcept { return last_packet_; }
  /// It had so many queries that it did not come for a few only.
  [[nodiscard]] bool stays() const noexcept { return queries_ >= kQueriesToStay; }
  /// Something was said or answered.
  [[nodiscard]] bool spoke_since(TimePoint when) const noexcept;
  [[nodiscard]] TimePoint query_start() const noexcept { return query_start_; }
  /// Bytes read that wait to be looked at.
  [[nodiscard]] std::size_t unread() const noexcept { return window_.kept().size(); }
  [[nodiscard]] TimePoint wait_start() const noexcept { return wait_start_; }
  [[nodiscard]] std::size_t statement_count() const noexcept { return statements_ ? statements_->size() : 0; }
  [[nodiscard]] std::string tls_text() const;
  [[nodiscard]] bool is_console() const noexcept { return console_ != nullptr; }
  /// Only when is_console().
  [[nodiscard]] ConsoleBackend& console() const noexcept { return *console_; }
  [[gnu::cold]] [[nodiscard]] std::string log_prefix() const;
  [[nodiscard]] std::string remote_text() const;

  void on_ready(Readiness ready, bool error) noexcept override;
  bool read_ahead() noexcept override;
  [[gnu::cold]] void keep_ahead() noexcept override;

 private:
  friend class ClientLogin;

  /// What becomes of the message at the front.
  enum class Verdict : std::uint8_t {
    pass,     ///< forward it to the server as it comes
    discard,  ///< step over it
    taken,    ///< it was dealt with, `taken_` bytes of it; what remains of it passes
    more,     ///< more of it must arrive first
    stop,     ///< nothing can go on before something happens (a server, a console reply, room for more answers)
    over,     ///< the session has ended
  };

  // client.cc
  void on_readable();
  void process(ByteView bytes);
  void go_on();
  [[gnu::cold]] void say(ByteView bytes);
  /// A failure ends the session only later, when nobody is in its midst.
  void send(std::span<const iovec> pieces);
  [[gnu::cold]] void drain();
  [[gnu::cold]] void leave_server();
  [[gnu::cold]] void give_back_counts();
  void leave_to_crypto_pool();
  [[nodiscard]] bool may_read() const noexcept;
  /// Too much of what it was told is unsent.
  [[nodiscard]] bool choked() const noexcept;
  /// The crypto pool works on the handshake.
  [[nodiscard]] bool engine_away() const noexcept;
  void on_writable();
  [[gnu::cold]] bool fetch_engine(bool error);
  [[gnu::cold]] void check_hangup();

  // client_relay.cc
  std::size_t relay(ByteView bytes);
  Verdict on_message(const MessageHead& head, ByteView message);
  Verdict request(RequestKind kind, bool gives_up_all = false);
  Verdict on_query(ByteView message);
  Verdict on_sync();
  [[gnu::cold]] Verdict on_function_call();
  Verdict on_copy_end();
  [[gnu::cold]] Verdict on_console_message(const MessageHead& head, ByteView message);
  Verdict need_server();
  Verdict take_server();
  void begin_batch();
  [[nodiscard]] bool tracking() const noexcept;
  [[nodiscard]] bool questdb() const noexcept;
  void flush_to_server();

  // client_statements.cc
  Verdict on_parse(const MessageHead& head, ByteView message);
  Verdict on_bind(const MessageHead& head, ByteView message);
  Verdict on_describe(const MessageHead& head, ByteView message);
  Verdict on_close(const MessageHead& head, ByteView message);
  Verdict parse_named(std::string_view name, std::string_view query, ByteView types);
  [[nodiscard]] bool in_doubt(const StatementPtr& statement) const;
  void prepare(const StatementPtr& statement);
  void inject_parse(const StatementPtr& statement, Disposition disposition);
  void inject_close(const StatementPtr& statement);
  void evict_statements();
  Verdict on_execute(const MessageHead& head);
  Verdict answer_close(std::string_view name);
  Verdict parse_unnamed(std::string_view query, ByteView types);
  [[nodiscard]] bool passes_unnamed(std::string_view name) const noexcept;
  [[nodiscard]] StatementPtr find_statement(std::string_view name) const;

  static constexpr std::uint8_t kQueriesToStay = 8;

  // What every request touches comes first: a look at memory costs more than the work on it.
  SessionContext& context_;
  ConnectionId id_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<ClientLogin> login_;
  std::unique_ptr<ConsoleBackend> console_;
  PoolView* pool_ = nullptr;
  ServerSession* server_ = nullptr;
  std::optional<Poll> poll_;
  TimePoint last_packet_;
  TimePoint query_start_;      ///< default: no query is in progress
  TimePoint xact_start_;       ///< default: no transaction is in progress
  std::uint32_t passing_ = 0;  ///< bytes of the current message body still to come
  std::uint32_t taken_ = 0;    ///< see Verdict::taken
  ClientPhase phase_ = ClientPhase::login;
  bool logged_in_ = false;
  bool pass_to_server_ = true;  ///< whether they are for the server
  bool in_copy_ = false;        ///< COPY FROM STDIN that the client has not ended
  bool parked_ = false;         ///< reading is off, since something came that can not be used yet
  bool silent_ = true;          ///< no byte came yet
  bool wait_notified_ = false;
  bool console_busy_ = false;
  bool relaying_ = false;          ///< guards against going on from within
  bool broken_ = false;            ///< the socket takes nothing any more; the session ends when nobody is in its midst
  bool unnamed_gives_up_ = false;  ///< the unnamed statement may make the server give up all statements
  bool portal_gives_up_ = false;   ///< so may one of the portals bound since the last Sync
  bool counted_ = true;            ///< by the limits on clients
  std::uint8_t queries_ = 0;       ///< see stays()
  TimePoint wait_start_;           ///< default: not waiting
  ReadWindow window_;
  VariableValues variables_;
  std::shared_ptr<const std::string> server_options_;  ///< null: none
  std::unique_ptr<ClientStatements> statements_;

  TimePoint connected_at_;
  std::unique_ptr<ClientAddress> address_;
  std::shared_ptr<const std::string> user_;
  std::shared_ptr<ClientCount> user_count_;
  std::shared_ptr<DatabaseState> database_count_;
  Key key_{};
};

/// `text`, and in words when the server of the database keeps silent.
std::string with_silence(std::string_view text, const DatabaseState& state);

}  // namespace uvb
