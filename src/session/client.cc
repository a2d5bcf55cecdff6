#include "session/client.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/console_name.h"
#include "protocol/messages.h"
#include "protocol/write.h"
#include "session/client_login.h"
#include "session/server.h"
#include "transport/tls_transport.h"

namespace uvb {

namespace {

/// Above it nothing more is read from a client: answers that the pooler makes itself know no other limit. More than a
/// server's answers ever are, since of these nothing more is read while any is unsent.
constexpr std::size_t kMostUnsent = 256U << 10;

}  // namespace

ClientSession::ClientSession(SessionContext& context, ConnectionId id, std::unique_ptr<Transport> transport,
                             std::unique_ptr<ClientAddress> address)
    : context_(context),
      id_(id),
      transport_(std::move(transport)),
      last_packet_(Loop::now()),
      connected_at_(last_packet_),
      address_(std::move(address)) {}

ClientSession::~ClientSession() { leave_to_crypto_pool(); }

void ClientSession::start() {
  login_ = std::make_unique<ClientLogin>(*this);
  poll_.emplace(context_.loop, transport_->descriptor(), *this, Readiness{.readable = true});
}

const std::string& ClientSession::user() const {
  static const std::string nobody = "(nouser)";
  return user_ ? *user_ : nobody;
}

const std::string& ClientSession::server_options() const {
  static const std::string none;
  return server_options_ ? *server_options_ : none;
}

std::string ClientSession::tls_text() const {
  if (!transport_ || !transport_->encrypted() || (login_ && login_->handshaking())) return {};
  return static_cast<TlsTransport*>(transport_.get())->engine().description();
}

std::string ClientSession::remote_text() const {
  if (!address_->is_unix) return printable(socket_address(address_->remote));
  return fmt::format("unix({}):{}", address_->unix_pid, context_.settings().listen_port);
}

std::string ClientSession::log_prefix() const {
  std::string database = "(nodb)";
  if (console_) database = kConsoleName;
  if (login_) database = login_->database_shown();
  if (pool_ != nullptr) database = pool_->database;
  return fmt::format("C-{:#x}: {}/{}@{} ", number(id_), database, user(), remote_text());
}

// --- reading ---------------------------------------------------------------------------------------------------------

bool ClientSession::engine_away() const noexcept { return login_ && login_->handshaking() && login_->busy(); }

bool ClientSession::may_read() const noexcept {
  if (console_busy_ || relaying_) return false;
  if (phase_ == ClientPhase::login) return !login_ || login_->wants_bytes();
  if (phase_ != ClientPhase::active || choked()) return false;
  return server_ == nullptr || (!server_->blocked() && !server_->outstanding().full());
}

bool ClientSession::choked() const noexcept { return blocked() && transport_->pending() > kMostUnsent; }

void ClientSession::update_interest() {
  // Not even a look at the transport while it is the crypto pool's.
  if (!poll_ || !transport_ || engine_away()) return;
  if (parked_ && may_read()) parked_ = false;
  // A waiting client stays registered as it is: most get their server before they say anything more, and leaving and
  // entering the poll costs system calls. Only when something comes is reading switched off, see on_ready().
  const bool busy_elsewhere = login_ && login_->busy();
  const bool deaf = parked_ || busy_elsewhere || (server_ != nullptr && server_->blocked());
  const bool queued = phase_ == ClientPhase::waiting || phase_ == ClientPhase::varying || phase_ == ClientPhase::cancel;
  poll_->watch({.readable = !deaf, .writable = blocked(), .hangup = deaf && queued});
}

void ClientSession::on_ready(Readiness ready, bool error) noexcept {
  if (phase_ == ClientPhase::closed) return;
  if (engine_away() && !fetch_engine(error)) return;
  if (ready.writable) {
    on_writable();
    if (phase_ == ClientPhase::closed) return;
  }
  if (ready.hangup && !may_read()) return close("client unexpected eof");
  if (!ready.readable && !error) return;
  // A broken connection is the end, whatever was said before: it will be reported until it is closed.
  if (!may_read()) return error ? close("client unexpected eof") : check_hangup();
  on_readable();
  resume();
}

void ClientSession::on_writable() {
  if (transport_->flush() == IoStatus::failed) return close("client unexpected eof");
  update_interest();
  if (!blocked() && server_ != nullptr) {
    server_->resume();
    consider_release();
  }
  // What it said before it was choked.
  if (phase_ == ClientPhase::active && may_read()) go_on();
}

/// The client speaks, or is gone, while the crypto pool has its engine. The work may be over without having said so; if
/// not, the client waits. false: nothing more can be done now.
bool ClientSession::fetch_engine(bool error) {
  login_->collect();
  if (phase_ == ClientPhase::closed) return false;
  if (!engine_away()) return true;
  error ? close("client unexpected eof") : poll_->watch({});
  return false;
}

/// Something came that can not be used yet. If it is the end, a queued request is not executed (guarantee G6).
void ClientSession::check_hangup() {
  std::uint8_t byte = 0;
  const ssize_t count = ::recv(transport_->descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return close("client unexpected eof");
  parked_ = true;
  update_interest();
}

bool ClientSession::read_ahead() noexcept {
  return phase_ == ClientPhase::active && !login_ && may_read() && window_.read_ahead(*transport_, context_.lent);
}

/// It may not be read any more, by what others were told meanwhile: as if it had come only now.
void ClientSession::keep_ahead() noexcept {
  if (window_.keep_ahead() != IoStatus::ok) return close("client unexpected eof");
  parked_ = true;
  resume();
}

void ClientSession::on_readable() {
  if (login_ && login_->reads_itself()) return login_->on_readable();
  ByteView bytes;
  const ReadResult result = window_.fill(*transport_, context_.lent, bytes);
  poll_->was_read(result.more);
  if (result.status == IoStatus::blocked) return;
  if (result.status != IoStatus::ok) return close("client unexpected eof");
  silent_ = false;
  last_packet_ = context_.clock.now();
  process(bytes);
}

/// Reading is possible again: goes on with what the transport holds already.
void ClientSession::resume() {
  update_interest();
  // Not even a look at the transport while it is the crypto pool's.
  while (phase_ != ClientPhase::closed && transport_ && !engine_away() && window_.buffered(*transport_) && may_read() &&
         !(login_ && login_->reads_itself())) {
    on_readable();
    update_interest();
  }
}

void ClientSession::process(ByteView bytes) {
  if (phase_ == ClientPhase::login) {
    window_.done(bytes, 0);
    login_->on_bytes();
    return;
  }
  relaying_ = true;
  const std::size_t used = relay(bytes);
  relaying_ = false;
  if (phase_ == ClientPhase::closed) {
    context_.outgoing.clear();
    return;
  }
  // What is sent stands in the window's memory.
  flush_to_server();
  if (phase_ == ClientPhase::closed) return;
  window_.done(bytes, used);
  // Late messages of a failed COPY can be all that kept the server.
  consider_release();
}

void ClientSession::go_on() {
  if (phase_ == ClientPhase::closed || relaying_) return;
  if (!window_.empty()) {
    process(window_.kept());
  }
  if (phase_ != ClientPhase::closed) resume();
}

// --- servers ---------------------------------------------------------------------------------------------------------

void ClientSession::on_server(ServerSession& server) {
  server_ = &server;
  if (wait_start_ != TimePoint{}) {
    pool_->counters.wait_time += static_cast<std::uint64_t>((Loop::now() - wait_start_).count());
    wait_start_ = {};
  }
  ++pool_->counters.server_assignment_count;
  phase_ = ClientPhase::active;
  server.link(*this);
  if (server.phase() == ServerPhase::varying) {
    phase_ = ClientPhase::varying;
    return;
  }
  go_on();
}

void ClientSession::on_variables_set() {
  variables_.adopt(server_->variables());
  phase_ = ClientPhase::active;
  go_on();
}

void ClientSession::on_no_server() {
  phase_ = ClientPhase::active;
  go_on();
}

void ClientSession::on_welcome() {
  if (phase_ == ClientPhase::waiting && login_) login_->on_welcome();
}

void ClientSession::on_probe() {
  if (login_ && login_->awaits_server()) login_->on_probe();
}

void ClientSession::on_server_lost(std::string_view reason) {
  if (phase_ != ClientPhase::closed) fail(reason);
  server_ = nullptr;
}

void ClientSession::on_server_left() {
  server_ = nullptr;
  query_start_ = xact_start_ = {};
  update_interest();
}

void ClientSession::on_ready_for_query(char status, bool batch_over) {
  if (query_start_ == TimePoint{} && xact_start_ == TimePoint{}) return;
  const TimePoint now = server_->last_packet();
  if (batch_over && query_start_ != TimePoint{}) {
    pool_->counters.query_time += static_cast<std::uint64_t>((now - query_start_).count());
    query_start_ = {};
  }
  if (status == 'I' && batch_over && xact_start_ != TimePoint{}) {
    pool_->counters.xact_time += static_cast<std::uint64_t>((now - xact_start_).count());
    xact_start_ = {};
  }
}

void ClientSession::consider_release() {
  if (server_ == nullptr || phase_ != ClientPhase::active || pool_->rules.mode == PoolMode::session) return;
  if (in_copy_ || passing_ > 0 || blocked() || !server_->clean()) return;
  if (server_->may_lie_unread()) {
    server_->resume();
    if (server_ == nullptr || blocked() || !server_->clean()) return;
  }
  ServerSession& server = *std::exchange(server_, nullptr);
  server.release();
}

void ClientSession::leave_server() {
  if (server_ == nullptr) return;
  ServerSession& server = *std::exchange(server_, nullptr);
  if (server.phase() != ServerPhase::linked || !server.ready()) {
    server.unlink();
    return server.close("client disconnect while server was not ready");
  }
  if (!server.outstanding().empty() || passing_ > 0) {
    server.unlink();
    return server.close("client disconnected with query in progress");
  }
  // Nobody looked at the server while the client took nothing.
  if (!server.clean() || server.may_lie_unread()) {
    server.unlink();
    return server.close("client disconnect before everything was sent to the server");
  }
  server.release();
}

// --- ending ----------------------------------------------------------------------------------------------------------

void ClientSession::say(ByteView bytes) {
  // Nothing can be said in the middle of a TLS handshake, which may be with the crypto pool just now.
  if (!transport_ || bytes.empty() || (login_ && login_->handshaking())) return;
  const iovec piece = as_iovec(bytes);
  send({&piece, 1});
}

void ClientSession::fail(std::string_view message, std::string_view code) {
  if (phase_ == ClientPhase::closed) return;
  const std::string text(message);
  // Whoever reads the words may come back at once, and to another worker.
  give_back_counts();
  // Behind half a message the words would be taken for the rest of it (guarantee G7).
  if (server_ == nullptr || !server_->inside_message()) {
    Buffer error;
    append_fatal(error, text, code);
    say(error.view());
  }
  failed(text);
}

void ClientSession::failed(std::string_view reason) {
  drain();
  const std::string prefix = log_prefix();
  close(reason);
  if (context_.settings().log_pooler_errors) context_.log.warning(fmt::format("{}pooler error: {}", prefix, reason));
}

/// Unread bytes at close() make the kernel send a reset, which can overtake the error just sent.
void ClientSession::drain() {
  if (!transport_) return;
  constexpr int kMostReads = 4;
  for (int round = 0; round < kMostReads; ++round) {
    if (::recv(transport_->descriptor(), context_.lent.clear.data(), context_.lent.clear.size(), MSG_DONTWAIT) <= 0)
      return;
  }
}

void ClientSession::give_back_counts() {
  if (!std::exchange(counted_, false)) return;
  if (user_count_) user_count_->leave();
  if (database_count_) database_count_->clients.leave();
  context_.shared.clients.leave();
}

/// What the crypto pool is working on stays with it.
void ClientSession::leave_to_crypto_pool() {
  if (login_ && login_->busy()) login_->give_up();
}

void ClientSession::close(std::string_view reason) {
  if (phase_ == ClientPhase::closed) return;
  // Health probes connect and leave: nobody wants to read of them.
  if (context_.settings().log_disconnections && !(silent_ && login_)) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(Loop::now() - connected_at_).count();
    context_.log.log(fmt::format("{}closing because: {} (age={}s)", log_prefix(), reason, age));
  }
  const bool queued = phase_ == ClientPhase::waiting;
  phase_ = ClientPhase::closed;
  poll_.reset();
  if (queued) context_.services.cancel_wait(*this);
  leave_server();
  give_back_counts();
  leave_to_crypto_pool();
  if (!transport_) return context_.services.retire(*this);
  transport_->shutdown(context_.lent.scratch);
  transport_.reset();
  context_.services.retire(*this);
}

// --- console ---------------------------------------------------------------------------------------------------------

void ClientSession::console_reply(ByteView bytes, bool busy) {
  if (phase_ == ClientPhase::closed) return;
  console_busy_ = busy;
  say(bytes);
  go_on();
}

// --- upkeep ----------------------------------------------------------------------------------------------------------

void ClientSession::send_gathered() {
  send(context_.outgoing.vectors());
  context_.outgoing.clear();
  // Not before: what this client did not take must not stand in front of what its server is sent when it leaves.
  if (broken_) close("client unexpected eof");
}

void ClientSession::send(std::span<const iovec> pieces) {
  if (!transport_ || broken_) return;
  const IoStatus status = transport_->send(pieces, context_.lent.scratch);
  broken_ = status == IoStatus::failed;
  if (status == IoStatus::blocked) update_interest();
}

void ClientSession::forget_statements(const std::unordered_set<const Statement*>& kept) {
  if (!statements_) return;
  std::erase_if(*statements_, [&](const auto& named) { return !kept.contains(named.second.get()); });
}

std::string with_silence(std::string_view text, const DatabaseState& state) {
  const std::string silence = state.silence.with([](const std::string& words) { return words; });
  return silence.empty() ? std::string(text) : fmt::format("{} ({})", text, silence);
}

bool ClientSession::spoke_since(TimePoint when) const noexcept {
  return last_packet_ >= when || (server_ != nullptr && server_->last_packet() >= when);
}

void ClientSession::tick(TimePoint now) {
  if (phase_ == ClientPhase::closed) return;
  const Settings& settings = context_.settings();
  if (phase_ == ClientPhase::cancel) {
    const Micros limit = settings.cancel_wait_timeout;
    if (limit > Micros{} && now - last_packet_ > limit) close("cancel_wait_timeout");
    return;
  }
  if (login_) {
    login_->tick(now);
    if (phase_ == ClientPhase::closed) return;
  }
  if (pool_ == nullptr) return;
  const EffectiveTimeouts limits = effective_timeouts(*context_.snapshot->config, *pool_->config, pool_->user, user());
  if (phase_ == ClientPhase::waiting) {
    const TimePoint since = query_start_ != TimePoint{} ? query_start_ : last_packet_;
    if (settings.query_timeout > Micros{} && now - since > settings.query_timeout) return fail("query_timeout");
    if (limits.query_wait_timeout > Micros{} && now - since > limits.query_wait_timeout) {
      return fail(with_silence("query_wait_timeout", *pool_->state));
    }
    if (!logged_in_ || wait_notified_ || settings.query_wait_notify <= 0) return;
    if (std::chrono::duration_cast<std::chrono::seconds>(now - wait_start_).count() <= settings.query_wait_notify)
      return;
    wait_notified_ = true;
    Buffer notice;
    append_notice(notice, "NOTICE", "00000", "No server connection available in postgres backend, client being queued");
    say(notice.view());
    update_interest();
    return;
  }
  if (logged_in_ && server_ == nullptr && limits.client_idle_timeout > Micros{} &&
      now - last_packet_ > limits.client_idle_timeout) {
    fail("client_idle_timeout");
  }
}

void ClientSession::check_server_timeouts(TimePoint now, bool idle_in_transaction, TimePoint last_server_packet) {
  const EffectiveTimeouts limits = effective_timeouts(*context_.snapshot->config, *pool_->config, pool_->user, user());
  const auto over = [now](TimePoint since, Micros limit) {
    return limit > Micros{} && since != TimePoint{} && now - since > limit;
  };
  const char* reason = nullptr;
  if (over(query_start_, limits.query_timeout)) {
    reason = "query timeout";
  } else if (idle_in_transaction && over(last_server_packet, limits.idle_transaction_timeout)) {
    reason = "idle transaction timeout";
  } else if (over(xact_start_, limits.transaction_timeout)) {
    reason = "transaction timeout";
  }
  if (reason != nullptr) server_->close(reason);
}

}  // namespace uvb
