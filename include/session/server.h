#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/cache_line.h"
#include "protocol/frame.h"
#include "session/connector.h"
#include "session/context.h"
#include "session/outstanding.h"
#include "session/read_window.h"
#include "session/statements.h"
#include "session/variables.h"
#include "uv/poll.h"

namespace uvb {

class ServerLogin;

/// What a server connection is doing, named after what is awaited (behaviour.md, conventions).
enum class ServerPhase : std::uint8_t {
  login,    ///< connecting and logging in
  idle,     ///< in the pool, nobody's
  linked,   ///< lent to a client
  varying,  ///< linked, while the client's variables are being SET
  testing,  ///< reset or check query
  held,     ///< clean, but a cancel for it is still on its way (guarantee G3)
  closed,
};

/// One connection to a server: relays to its client, remembers what answers are owed, and knows when it is clean.
/// Lives on one worker at a time; changes workers only while idle, by detach() and attach(). As for the client,
/// functions marked cold are off a transaction's way.
class alignas(kCacheLine) ServerSession final : public PollListener, public Holder {
 public:
  ServerSession(SessionContext& context, PoolView& pool, ConnectionId id, std::string options);
  ~ServerSession() override;

  // --- life ---
  [[gnu::cold]] void start_login();
  /// Closes the connection (with Terminate when `polite`), tells a linked client, logs `reason`. Idempotent.
  [[gnu::cold]] void close(std::string_view reason, bool polite = true);
  /// Only asks which authentication the server wants, then closes; see SessionServices::probe().
  void set_probe() noexcept { probe_ = true; }
  [[nodiscard]] bool is_probe() const noexcept { return probe_; }

  // --- lending ---
  /// Lends the connection: phase linked, or varying when variables must be SET first (then the client is told by
  /// ClientSession::on_variables_set()).
  void link(ClientSession& client);
  /// Forgets the client without a word to it: it is going.
  void unlink() noexcept { client_ = nullptr; }
  /// The client is done and the connection is clean: reset query, then back to the pool.
  void release();
  /// Clean: everything answered, everything passed on, no transaction, no copy (guarantee G1).
  [[nodiscard]] bool clean() const noexcept;
  /// As clean, but not yet known to be without transaction: nothing is owed and nothing half-way.
  [[nodiscard]] bool ready() const noexcept { return ready_; }
  /// Can be lent: idle and clean, when all that was read of it has been looked at. What it says then can close it.
  [[nodiscard]] bool fit();
  [[gnu::cold]] void run_check();
  /// Lets go of the loop; attach() takes hold of another's. Only while idle.
  [[gnu::cold]] void detach();
  [[gnu::cold]] void attach(SessionContext& context, PoolView& pool);
  /// Reads what came unseen: an idle server that says something does not stay, see consume_unlinked().
  void look() { on_readable(); }

  // --- relaying, for the client linked to it ---
  /// Sends what the context's outgoing holds; pauses the client when the socket is full.
  void send_gathered();
  /// Something of the client's is on its way: not clean before the next ReadyForQuery.
  void request_sent() noexcept { ready_ = false; }
  /// How long a message the server is given, head included.
  void note_size(std::uint32_t size) noexcept { longest_sent_ = std::max(longest_sent_, size); }
  /// The client's turn is over: answers that are the pooler's own go out when the server owes none that would carry
  /// them.
  void answer_alone();
  /// What was just sent asks for an answer. A Parse or Close changes the statements the server knows.
  void expect(Request request);
  /// The same for most: the client sees the answer, and no statement comes or goes.
  void expect(RequestKind kind) { outstanding_.push(kind); }
  [[nodiscard]] Outstanding& outstanding() noexcept { return outstanding_; }
  [[nodiscard]] ServerStatements& statements() noexcept { return statements_; }
  [[nodiscard]] bool in_copy() const noexcept { return in_copy_; }
  /// QuestDB: a portal was bound, which outlives transactions (questdb.md 11 rule 5).
  void portal_opened(std::string_view name);
  void portal_closed(std::string_view name);
  /// QuestDB: only the unnamed portal ends with its Execute.
  void unnamed_portal_executed() noexcept { unnamed_portal_ = false; }
  /// The client has the beginning of a message, and its end is still to come.
  [[nodiscard]] bool inside_message() const noexcept { return passing_ > 0 && pass_to_client_; }
  /// The server takes no more for now.
  [[nodiscard]] bool blocked() const noexcept override { return transport_ != nullptr && transport_->blocked(); }
  /// Takes back a pause: the client's socket has room again.
  void update_interest();
  void resume();
  /// Something can have come while the client was slow and nobody looked; it may end the connection or make it unclean.
  [[nodiscard]] bool may_lie_unread() const noexcept {
    return (poll_ && !poll_->watched().readable) || window_.buffered(*transport_);
  }

  // --- cancels ---
  void cancel_started() noexcept { ++cancels_; }
  /// `may_come`: it was given up, but may reach the server yet. Such a server is not lent to anybody else (guarantee
  /// G3).
  [[gnu::cold]] void cancel_ended(bool may_come);
  [[nodiscard]] const std::vector<std::uint8_t>& backend_key() const noexcept { return backend_key_; }
  [[nodiscard]] const ServerAddress& address() const noexcept { return address_; }

  // --- upkeep and showing ---
  void tick(TimePoint now);
  [[nodiscard]] ConnectionId id() const noexcept { return id_; }
  [[nodiscard]] ServerPhase phase() const noexcept { return phase_; }
  [[nodiscard]] ClientSession* client() const noexcept { return client_; }
  [[nodiscard]] PoolView& pool() const noexcept { return *pool_; }
  [[nodiscard]] const std::string& options() const noexcept { return options_; }
  [[nodiscard]] const VariableValues& variables() const noexcept { return variables_; }
  [[nodiscard]] TimePoint connected_at() const noexcept { return connected_at_; }
  [[nodiscard]] TimePoint last_packet() const noexcept { return last_packet_; }
  [[nodiscard]] std::size_t statement_count() const noexcept { return statements_.size(); }
  [[nodiscard]] int descriptor() const noexcept { return transport_ ? transport_->descriptor() : -1; }
  [[nodiscard]] const std::string& tls_text() const noexcept { return tls_text_; }
  [[gnu::cold]] [[nodiscard]] std::string log_prefix() const;
  [[nodiscard]] char status() const noexcept { return status_; }

  void on_ready(Readiness ready, bool error) noexcept override;
  bool read_ahead() noexcept override;
  void keep_ahead() noexcept override;
  void send(std::span<const iovec> pieces) override;

 private:
  friend class ServerLogin;

  // server_relay.cc: what a server says
  enum class Treatment : std::uint8_t;
  struct Rule;
  std::size_t relay(ByteView bytes);
  bool relay_plain_answer(ByteView bytes);
  bool relay_message(const MessageHead& head, ByteView message, std::size_t& used);
  bool reaches_client(Rule rule);
  std::size_t relay_piece(const MessageHead& head, ByteView message, bool to_client);
  bool relay_whole(const MessageHead& head, ByteView message);
  void on_ready_for_query(char status, bool& forward);
  void note_ready(char status);
  [[gnu::cold]] bool relay_large(const MessageHead& head);
  [[gnu::cold]] void on_error();
  void on_command_complete(ByteView body);
  [[gnu::cold]] void on_parameter_status(ByteView body);
  bool forwards(RequestKind kind);
  void answer_synthesised();
  [[gnu::cold]] void undo_dropped();
  [[nodiscard]] bool is_empty_answer(ByteView body) const;
  [[nodiscard]] bool stray_empty_answer() const;
  void apply(const Request& request);
  [[gnu::cold]] void forget_statements();
  void forward(ByteView bytes);
  void deliver();
  void after_relay();

  void on_readable();
  std::size_t consume(ByteView bytes);
  [[gnu::cold]] std::size_t consume_unlinked(ByteView bytes);
  [[gnu::cold]] bool unlinked_message(const MessageHead& head, ByteView body);
  [[gnu::cold]] void own_query_done(char status);
  [[gnu::cold]] void lost(std::string_view reason);
  [[nodiscard]] bool choked() const noexcept;
  void finish_release();
  void send_own();
  [[gnu::cold]] void logged_in(std::unique_ptr<Transport> transport, std::shared_ptr<const Welcome> welcome);
  void free_now();

  // What every answer touches comes first: a look at memory costs more than the work on it.
  SessionContext* context_;
  PoolView* pool_;
  ConnectionId id_;
  std::unique_ptr<Transport> transport_;
  ClientSession* client_ = nullptr;
  std::unique_ptr<ServerLogin> login_;  ///< has the transport until it is done
  std::optional<Poll> poll_;
  TimePoint last_packet_;
  std::uint32_t passing_ = 0;       ///< bytes of the current message body still to come
  std::uint32_t longest_sent_ = 0;  ///< bytes of the longest message since the last ReadyForQuery
  ServerPhase phase_ = ServerPhase::login;
  bool pass_to_client_ = true;  ///< whether `passing_` are the client's
  char status_ = 'I';           ///< of the last ReadyForQuery
  bool ready_ = false;          ///< it was 'I', and nothing happened since
  bool in_copy_ = false;        ///< COPY FROM STDIN or COPY BOTH
  bool own_failed_ = false;     ///< ErrorResponse to a query of ours
  bool release_wanted_ = false;
  bool check_running_ = false;
  bool cancel_may_come_ = false;    ///< see cancel_ended()
  bool asked_ = false;              ///< something left since the connection was lent or began a query of ours
  bool continues_message_ = false;  ///< what is relayed now began inside a message
  bool probe_ = false;
  bool unnamed_portal_ = false;  ///< QuestDB only: bound, not executed
  std::uint16_t cancels_ = 0;
  ReadWindow window_;
  VariableValues variables_;
  Outstanding outstanding_;

  std::vector<Request> dropped_;
  ServerStatements statements_;
  std::set<std::string, std::less<>> portals_;  ///< QuestDB only: open named portals
  std::string options_;
  std::vector<std::uint8_t> backend_key_;
  ServerAddress address_;
  std::string tls_text_;
  TimePoint created_at_;
  TimePoint connected_at_;
};

}  // namespace uvb
