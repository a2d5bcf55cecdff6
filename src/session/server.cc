#include "session/server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include "protocol/messages.h"
#include "protocol/write.h"
#include "session/client.h"
#include "session/server_login.h"

namespace uvb {

namespace {

// A minute below QuestDB's idle limit of 300 s (questdb.md 8).
constexpr Micros kQuestdbKeepAlive = std::chrono::seconds(240);

/// What a server answers to a query of the pooler's own is put together in memory, but for rows.
constexpr std::uint32_t kLargestOwnAnswer = 1U << 20;

std::string_view check_query(const std::string& setting) { return setting == "<empty>" ? std::string_view{} : setting; }

}  // namespace

ServerSession::ServerSession(SessionContext& context, PoolView& pool, ConnectionId id, std::string options)
    : context_(&context), pool_(&pool), id_(id), options_(std::move(options)), created_at_(Loop::now()) {
  connected_at_ = last_packet_ = created_at_;
}

ServerSession::~ServerSession() = default;

std::string ServerSession::log_prefix() const {
  const std::string& where = address_.text.empty() ? std::string("(bad-af):0") : address_.text;
  return fmt::format("S-{:#x}: {}/{}@{} ", number(id_), pool_->database, pool_->user, where);
}

void ServerSession::start_login() {
  login_ = std::make_unique<ServerLogin>(*this);
  login_->start();
}

void ServerSession::logged_in(std::unique_ptr<Transport> transport, std::shared_ptr<const Welcome> welcome) {
  transport_ = std::move(transport);
  login_.reset();
  phase_ = ServerPhase::idle;
  ready_ = true;
  status_ = 'I';
  last_packet_ = Loop::now();
  update_interest();
  context_->services.server_logged_in(*this, std::move(welcome));
}

void ServerSession::close(std::string_view reason, bool polite) {
  if (phase_ == ServerPhase::closed) return;
  // In front of a running query a Terminate would lie unread: QuestDB goes on for a minute then, while it notices a
  // bare close at once.
  const bool terminate = polite && transport_ != nullptr && outstanding_.empty() && passing_ == 0;
  phase_ = ServerPhase::closed;
  if (context_->settings().log_disconnections && !probe_) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(Loop::now() - created_at_).count();
    context_->log.log(fmt::format("{}closing because: {} (age={}s)", log_prefix(), reason, age));
  }
  poll_.reset();
  login_.reset();
  if (terminate) {
    context_->held.send(*this);
    Buffer goodbye;
    append_terminate(goodbye);
    const iovec piece = as_iovec(goodbye.view());
    transport_->send({&piece, 1}, context_->lent.scratch);
    transport_->shutdown(context_->lent.scratch);
  } else {
    context_->held.drop(*this);
  }
  transport_.reset();
  window_.clear();
  if (ClientSession* client = std::exchange(client_, nullptr)) client->on_server_lost(reason);
  context_->services.retire(*this);
}

/// The server may have dropped the connection for a message longer than it takes. QuestDB gives no other sign of that
/// (questdb.md 0, point 10).
bool ServerSession::choked() const noexcept {
  constexpr std::uint32_t kAlwaysTaken = 64U << 10;
  return pool_->questdb() && phase_ == ServerPhase::linked && longest_sent_ > kAlwaysTaken;
}

void ServerSession::lost(std::string_view reason) {
  if (choked()) {
    return close(
        fmt::format("{} (QuestDB closes a connection at a message longer than its pg.recv.buffer.size, 1 MiB by "
                    "default; the longest one was {} bytes)",
                    reason, longest_sent_),
        false);
  }
  // A QuestDB connection that was idle outside a transaction carries nothing of its client's: statements are the
  // pooler's, so the client goes on with another one (questdb.md 8).
  if (client_ != nullptr && phase_ == ServerPhase::linked && pool_->questdb() && ready_ && outstanding_.empty()) {
    std::exchange(client_, nullptr)->on_server_left();
  }
  close(reason, false);
}

void ServerSession::update_interest() {
  if (!poll_ || !transport_) return;
  const bool client_is_slow = client_ != nullptr && client_->blocked();
  poll_->watch({.readable = !client_is_slow, .writable = blocked()});
}

void ServerSession::on_ready(Readiness ready, bool error) noexcept {
  if (login_) return login_->on_ready();
  if (!transport_) return;
  if (ready.writable) {
    if (transport_->flush() == IoStatus::failed) return lost("server conn crashed?");
    update_interest();
    if (!blocked() && client_ != nullptr) client_->resume();
    after_relay();
  }
  if (phase_ == ServerPhase::closed || (!ready.readable && !error)) return;
  on_readable();
  resume();
}

/// The client takes bytes again: goes on with what is there already. What came while nobody looked must be seen before
/// the connection can be lent to somebody else.
void ServerSession::resume() {
  const bool looked = !poll_ || poll_->watched().readable;
  update_interest();
  if (!looked && phase_ != ServerPhase::closed && transport_ && poll_->watched().readable) on_readable();
  while (phase_ != ServerPhase::closed && transport_ && window_.buffered(*transport_) &&
         !(client_ != nullptr && client_->blocked())) {
    on_readable();
  }
}

bool ServerSession::read_ahead() noexcept {
  return !login_ && transport_ != nullptr && window_.read_ahead(*transport_, context_->lent);
}

/// It is not read any more, by what others were told meanwhile.
void ServerSession::keep_ahead() noexcept {
  // How the read ended is seen by whoever uses it.
  static_cast<void>(window_.keep_ahead());
  resume();
}

void ServerSession::on_readable() {
  ByteView bytes;
  const ReadResult result = window_.fill(*transport_, context_->lent, bytes);
  if (poll_) poll_->was_read(result.more);
  if (result.status == IoStatus::blocked) return;
  if (result.status != IoStatus::ok) return lost("server conn crashed?");
  last_packet_ = context_->clock.now();
  pool_->counters.sent += result.count;
  ClientSession* const stopped = outstanding_.full() ? client_ : nullptr;
  const std::size_t used = consume(bytes);
  if (phase_ == ServerPhase::closed) return;
  window_.done(bytes, used);
  after_relay();
  if (stopped != nullptr && !outstanding_.full()) stopped->resume();
}

std::size_t ServerSession::consume(ByteView bytes) {
  if (phase_ != ServerPhase::linked) return consume_unlinked(bytes);
  const std::size_t used = relay(bytes);
  if (phase_ == ServerPhase::closed) {
    context_->outgoing.clear();
  } else {
    deliver();
  }
  return used;
}

// --- lending ---------------------------------------------------------------------------------------------------------

void ServerSession::link(ClientSession& client) {
  client_ = &client;
  phase_ = ServerPhase::linked;
  release_wanted_ = false;
  asked_ = false;
  // QuestDB ignores every SET (questdb.md 11 rule 10).
  if (pool_->questdb()) return;
  // Servers of a pool say the same, and so do clients who asked for nothing else: sharing it makes lending cheap.
  variables_.share_if_equal(client.variables());
  std::string sql;
  if (!append_differences(context_->variables, client.variables(), variables_, sql)) return;
  phase_ = ServerPhase::varying;
  own_failed_ = false;
  ready_ = false;
  context_->log.debug("varcache_apply: " + sql);
  append_query(context_->outgoing.own(), sql);
  send_own();
}

void ServerSession::send_own() {
  context_->outgoing.own_done();
  send_gathered();
}

void ServerSession::send_gathered() { context_->held.pass(*this, context_->outgoing); }

void ServerSession::send(std::span<const iovec> pieces) {
  asked_ = true;
  if (!transport_) return;
  // A broken connection is noticed by the next read, with what the server said before it went.
  if (transport_->send(pieces, context_->lent.scratch) == IoStatus::ok) return;
  update_interest();
  if (client_ != nullptr) client_->update_interest();
}

bool ServerSession::clean() const noexcept {
  if (!ready_ || !outstanding_.empty() || !outstanding_.certain()) return false;
  if (passing_ > 0 || in_copy_ || !window_.empty()) return false;
  // Of its client's there may be the end of a message, not sent yet, whose beginning it has.
  return context_->outgoing.empty() && !holds() && !blocked();
}

bool ServerSession::fit() {
  if (window_.ahead()) on_readable();
  return phase_ == ServerPhase::idle && clean();
}

void ServerSession::release() {
  client_ = nullptr;
  phase_ = ServerPhase::testing;
  if (cancels_ > 0) {
    phase_ = ServerPhase::held;
    release_wanted_ = true;
    context_->services.server_held(*this);
    return;
  }
  finish_release();
}

void ServerSession::cancel_ended(bool may_come) {
  --cancels_;
  cancel_may_come_ = cancel_may_come_ || may_come;
  if (cancels_ == 0 && release_wanted_ && phase_ == ServerPhase::held) finish_release();
}

void ServerSession::finish_release() {
  release_wanted_ = false;
  if (cancel_may_come_) return close("cancel request was given up");
  const Settings& settings = context_->settings();
  const bool reset = !settings.server_reset_query.empty() &&
                     (pool_->rules.mode == PoolMode::session || settings.server_reset_query_always);
  if (std::exchange(unnamed_portal_, false)) portals_.emplace();
  if (!reset && portals_.empty()) return free_now();
  phase_ = ServerPhase::testing;
  check_running_ = false;
  own_failed_ = false;
  ready_ = false;
  asked_ = false;
  context_->services.server_tested(*this);
  Buffer& own = context_->outgoing.own();
  // QuestDB's portals outlive transactions and every reset query (questdb.md 5, 11 rule 5).
  for (const std::string& portal : portals_) append_close_portal(own, portal);
  if (!portals_.empty()) {
    append_sync(own);
    expect({RequestKind::sync, Disposition::swallow, nullptr});
  }
  portals_.clear();
  if (reset) {
    append_query(own, settings.server_reset_query);
    expect({RequestKind::query, Disposition::swallow, nullptr});
  }
  send_own();
}

void ServerSession::portal_opened(std::string_view name) {
  // The unnamed portal comes with nearly every Bind: that must not cost an allocation.
  if (name.empty()) {
    unnamed_portal_ = true;
  } else {
    portals_.emplace(name);
  }
}

void ServerSession::portal_closed(std::string_view name) {
  if (name.empty()) unnamed_portal_ = false;
  const auto found = portals_.find(name);
  if (found != portals_.end()) portals_.erase(found);
}

void ServerSession::run_check() {
  phase_ = ServerPhase::testing;
  check_running_ = true;
  own_failed_ = false;
  ready_ = false;
  asked_ = false;
  append_query(context_->outgoing.own(), check_query(context_->settings().server_check_query));
  expect({RequestKind::query, Disposition::swallow, nullptr});
  send_own();
}

void ServerSession::free_now() {
  phase_ = ServerPhase::idle;
  context_->services.server_free(*this);
}

void ServerSession::detach() { poll_.reset(); }

void ServerSession::attach(SessionContext& context, PoolView& pool) {
  context_ = &context;
  pool_ = &pool;
  poll_.emplace(context.loop, transport_->descriptor(), *this, Readiness{.readable = true});
}

// --- what an unlinked server says ------------------------------------------------------------------------------------

std::size_t ServerSession::consume_unlinked(ByteView bytes) {
  std::size_t used = 0;
  while (used < bytes.size()) {
    MessageHead head;
    const ByteView rest = bytes.subspan(used);
    if (passing_ > 0) {
      const std::size_t skip = std::min<std::size_t>(rest.size(), passing_);
      passing_ -= static_cast<std::uint32_t>(skip);
      used += skip;
      continue;
    }
    const HeadStatus status = read_head(rest, context_->settings().max_packet_size, head);
    if (status == HeadStatus::incomplete) return used;
    const bool row = status == HeadStatus::ok && (head.type == 'D' || head.type == 'd');
    if (row && phase_ == ServerPhase::testing && asked_) {
      // Rows of a check or reset query: of any size, of no interest.
      passing_ = head.size;
      pass_to_client_ = false;
      continue;
    }
    if (status == HeadStatus::bad || (rest.size() < head.size && head.size > kLargestOwnAnswer)) {
      close("bad pkt header", false);
      return used;
    }
    if (rest.size() < head.size) return used;
    if (!unlinked_message(head, rest.subspan(kHeadSize, head.body_size()))) return used;
    used += head.size;
    // A check or reset query that ended may have handed the connection to a client: the rest is not ours any more, and
    // there must be none.
    if (phase_ == ServerPhase::linked && used < bytes.size()) {
      close("idle server got dirty");
      return used;
    }
  }
  return used;
}

bool ServerSession::unlinked_message(const MessageHead& head, ByteView body) {
  const bool own_query = (phase_ == ServerPhase::testing || phase_ == ServerPhase::varying) && asked_;
  if (head.type == 'S' && own_query) {
    on_parameter_status(body);
    return true;
  }
  if (head.type == 'A') {
    context_->log.warning(fmt::format("{}got packet 'A' from server when not linked", log_prefix()));
    return true;
  }
  if (!own_query) {
    context_->log.warning(fmt::format("{}got packet '{}' from server when not linked", log_prefix(), head.type));
    close(phase_ == ServerPhase::idle ? "SV_IDLE server got dirty" : "idle server got dirty");
    return false;
  }
  if (head.type == 'E') {
    own_failed_ = true;
    const auto fields = ErrorFields::read(body);
    if (phase_ == ServerPhase::varying && fields) {
      context_->log.error(fmt::format("varcache_apply failed: {}: {}", fields->severity(), fields->message()));
    }
    return true;
  }
  if (head.type == 'C') {
    if (clears_statements(body)) statements_.clear();
    return true;
  }
  if (head.type == 'Z') {
    const auto status = read_ready_status(body);
    if (!status) {
      close("bad pkt header", false);
      return false;
    }
    own_query_done(*status);
    return phase_ != ServerPhase::closed;
  }
  if (std::string_view("NTDI31G2Hd cnst").find(head.type) != std::string_view::npos) return true;
  close("unknown pkt", false);
  return false;
}

void ServerSession::own_query_done(char status) {
  status_ = status;
  if (phase_ == ServerPhase::varying) {
    ClientSession* client = client_;
    if (own_failed_ || status != 'I') {
      close("invalid server parameter");
      return;
    }
    phase_ = ServerPhase::linked;
    ready_ = true;
    client->on_variables_set();
    return;
  }
  outstanding_.answered(outstanding_.front() != nullptr ? outstanding_.front()->kind : RequestKind::query);
  if (!outstanding_.empty()) return;
  // A reset that failed leaves what it should have cleaned: such a server goes (D14 of behaviour.md 11.1). A check
  // query may fail, since any answer shows that the server lives.
  if (status != 'I' || (own_failed_ && !check_running_)) {
    return close(check_running_ ? "test query failed" : "reset query failed");
  }
  ready_ = true;
  free_now();
}

// --- upkeep ----------------------------------------------------------------------------------------------------------

void ServerSession::tick(TimePoint now) {
  if (login_) {
    if (now - login_->started_at() > context_->settings().server_connect_timeout) login_->timed_out();
    return;
  }
  if (phase_ != ServerPhase::linked || client_ == nullptr || !transport_) return;
  if (ready_ && outstanding_.empty()) {
    if (pool_->rules.fast_close && context_->services.server_close_needed(*this))
      return close("database configuration changed");
    if (pool_->questdb() && now - last_packet_ > kQuestdbKeepAlive) {
      append_sync(context_->outgoing.own());
      expect({RequestKind::sync, Disposition::swallow, nullptr});
      last_packet_ = now;
      send_own();
    }
    return;
  }
  client_->check_server_timeouts(now, outstanding_.empty() && status_ != 'I', last_packet_);
}

}  // namespace uvb
