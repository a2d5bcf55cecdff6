// What a logged-in client says, on its way to a server.
#include <fmt/format.h>

#include "protocol/messages.h"
#include "protocol/write.h"
#include "session/client.h"
#include "session/server.h"

namespace uvb {

bool ClientSession::questdb() const noexcept { return pool_->questdb(); }

bool ClientSession::tracking() const noexcept {
  return pool_->tracks_statements(context_.settings().max_prepared_statements);
}

std::size_t ClientSession::relay(ByteView bytes) {
  const std::uint32_t limit = context_.settings().max_packet_size;
  std::size_t used = 0;
  while (used < bytes.size()) {
    const ByteView rest = bytes.subspan(used);
    if (passing_ > 0) {
      const std::size_t part = std::min<std::size_t>(passing_, rest.size());
      if (pass_to_server_) context_.outgoing.borrow(rest.first(part));
      passing_ -= static_cast<std::uint32_t>(part);
      used += part;
      continue;
    }
    MessageHead head;
    const HeadStatus status = read_head(rest, limit, head);
    if (status == HeadStatus::incomplete) break;
    if (status == HeadStatus::bad) {
      fail(bad_header_text(rest));
      return used;
    }
    const ByteView message = rest.first(std::min<std::size_t>(rest.size(), head.size));
    const Verdict verdict = console_ ? on_console_message(head, message) : on_message(head, message);
    switch (verdict) {
      case Verdict::pass:
        pass_to_server_ = true;
        passing_ = head.size - static_cast<std::uint32_t>(message.size());
        used += message.size();
        context_.outgoing.borrow(message);
        pool_->counters.received += head.size;
        if (server_ != nullptr) server_->note_size(head.size);
        break;
      case Verdict::discard:
        pass_to_server_ = false;
        passing_ = head.size;
        break;
      case Verdict::taken:
        pass_to_server_ = true;
        passing_ = head.size - taken_;
        used += taken_;
        if (pool_ != nullptr) pool_->counters.received += head.size;
        if (server_ != nullptr) server_->note_size(head.size);
        break;
      default: return used;
    }
  }
  return used;
}

ClientSession::Verdict ClientSession::on_message(const MessageHead& head, ByteView message) {
  switch (head.type) {
    case 'Q': return on_query(message);
    case 'P': return on_parse(head, message);
    case 'B': return on_bind(head, message);
    case 'D': return on_describe(head, message);
    case 'C': return on_close(head, message);
    case 'E': return on_execute(head);
    case 'S': return on_sync();
    case 'F': return on_function_call();
    case 'H': return need_server();
    case 'd':
      if (server_ == nullptr || (!server_->in_copy() && server_->outstanding().empty())) return Verdict::discard;
      server_->request_sent();
      return Verdict::pass;
    case 'c':
    case 'f': return on_copy_end();
    case 'X':
      // As PostgreSQL does: what stands in front of it is carried out.
      flush_to_server();
      if (server_ != nullptr) context_.held.send(*server_);
      close("client close request");
      return Verdict::over;
    default:
      log_unknown_message(head.type);
      fail("unknown pkt");
      return Verdict::over;
  }
}

void ClientSession::log_unknown_message(char type) {
  const auto code = static_cast<unsigned char>(type);
  context_.log.error(fmt::format("{}unknown pkt from client: {}/{:#x}", log_prefix(), unsigned{code}, code));
}

ClientSession::Verdict ClientSession::on_query(ByteView message) {
  if (context_.settings().disable_pqexec) {
    context_.log.error(log_prefix() + "client used \"Query\" packet type");
    fail("PQexec disallowed");
    return Verdict::over;
  }
  return request(RequestKind::query, gives_up_statements(as_text(message.subspan(kHeadSize))));
}

/// In a transaction a portal outlives its Sync, but hardly one that gives up statements.
ClientSession::Verdict ClientSession::on_sync() {
  portal_gives_up_ = false;
  return request(RequestKind::sync);
}

/// QuestDB says nothing to a function call before the next Sync, and then gives one answer for the two of them.
ClientSession::Verdict ClientSession::on_function_call() {
  if (!questdb()) return request(RequestKind::function_call);
  fail("QuestDB does not support function calls", kFeatureNotSupported);
  return Verdict::over;
}

ClientSession::Verdict ClientSession::request(RequestKind kind, bool gives_up_all) {
  const Verdict verdict = need_server();
  if (verdict != Verdict::pass) return verdict;
  // A COPY that failed: a client that goes on without a CopyDone will send none.
  if (kind != RequestKind::sync && !server_->in_copy()) in_copy_ = false;
  if (gives_up_all) {
    server_->expect({.kind = kind, .statement = nullptr, .gives_up_all = true});
  } else {
    server_->expect(kind);
  }
  return verdict;
}

/// Late copy messages, behind a COPY that failed, are of no interest to the server: without a COPY it would only step
/// over them, and the connection would not be known to be clean any more.
ClientSession::Verdict ClientSession::on_copy_end() {
  in_copy_ = false;
  if (server_ == nullptr || (!server_->in_copy() && server_->outstanding().empty())) return Verdict::discard;
  server_->expect(RequestKind::copy_end);
  server_->request_sent();
  return Verdict::pass;
}

/// pass: a server is linked and ready for the request. The link is made at the first message that must reach a server.
ClientSession::Verdict ClientSession::need_server() {
  // Most messages stand behind one for which this was seen to.
  const bool at_work = phase_ == ClientPhase::active && server_ != nullptr && query_start_ != TimePoint{};
  if (!at_work) return take_server();
  server_->request_sent();
  return Verdict::pass;
}

ClientSession::Verdict ClientSession::take_server() {
  if (phase_ == ClientPhase::closed) return Verdict::over;
  begin_batch();
  if (server_ == nullptr) {
    std::string error;
    switch (context_.services.take(*this, error)) {
      case TakeOutcome::granted: break;
      case TakeOutcome::queued:
        phase_ = ClientPhase::waiting;
        wait_start_ = Loop::now();
        wait_notified_ = false;
        return Verdict::stop;
      case TakeOutcome::refused: fail(error); return Verdict::over;
    }
  }
  if (phase_ == ClientPhase::varying) return Verdict::stop;
  if (phase_ == ClientPhase::closed) return Verdict::over;
  server_->request_sent();
  return Verdict::pass;
}

void ClientSession::begin_batch() {
  if (query_start_ != TimePoint{}) return;
  query_start_ = last_packet_;
  if (stays()) {
    context_.handshakes.client_speaks();
  } else {
    ++queries_;
  }
  ++pool_->counters.query_count;
  if (xact_start_ != TimePoint{}) return;
  xact_start_ = query_start_;
  ++pool_->counters.xact_count;
}

void ClientSession::flush_to_server() {
  SendList& outgoing = context_.outgoing;
  if (server_ == nullptr) {
    outgoing.clear();
    return;
  }
  if (!outgoing.empty()) server_->send_gathered();
  server_->answer_alone();
}

ClientSession::Verdict ClientSession::on_console_message(const MessageHead& head, ByteView message) {
  if (console_busy_ || choked()) return Verdict::stop;
  // Commands are short; nothing of the console needs more.
  constexpr std::uint32_t kLongestConsoleMessage = 1U << 20;
  if (head.size > kLongestConsoleMessage) {
    fail("incomplete pkt");
    return Verdict::over;
  }
  if (message.size() < head.size) return Verdict::more;
  if (head.type == 'X') {
    close("client close request");
    return Verdict::over;
  }
  if (head.type == 'Q' && context_.settings().disable_pqexec) return on_query(message);
  // Nothing ends it: SHOW CLIENTS has the console wait from its first command on.
  if (query_start_ == TimePoint{}) query_start_ = last_packet_;
  taken_ = head.size;
  console_->on_message(head.type, message.subspan(kHeadSize));
  return phase_ == ClientPhase::closed ? Verdict::over : Verdict::taken;
}

}  // namespace uvb
