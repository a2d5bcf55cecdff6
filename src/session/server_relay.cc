// What a linked server says, on its way to the client.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "protocol/messages.h"
#include "protocol/write.h"
#include "session/client.h"
#include "session/plain_answer.h"
#include "session/server.h"

namespace uvb {

namespace {

/// Rows of results and copies make up nearly all bulk; runs of them are stepped over without a closer look. Returns
/// how many bytes of whole messages of `type` stand in front.
std::size_t run_of(char type, ByteView bytes, std::uint32_t max_packet_size) noexcept {
  std::size_t at = 0;
  while (bytes.size() - at >= kHeadSize && bytes[at] == static_cast<std::uint8_t>(type)) {
    const std::uint32_t length = load_u32(bytes.data() + at + 1);
    if (length < 4 || length >= max_packet_size || bytes.size() - at - 1 < length) break;
    at += std::size_t{length} + 1;
  }
  return at;
}

/// A server must not make the pooler hold more than this for one message; real ones are far smaller.
constexpr std::uint32_t kLargestWhole = 1U << 20;

}  // namespace

/// What the relay does with a server's message.
enum class ServerSession::Treatment : std::uint8_t {
  unknown,       ///< no server sends it
  whole,         ///< it is looked at when it is all there
  pass,          ///< it goes through piece by piece, as all below do
  answer,        ///< it ends a request
  empty_answer,  ///< the same, but QuestDB sends it unasked, too
  copy_begins,
  any_time,  ///< it has nothing to do with any request
};

struct ServerSession::Rule {
  Treatment treatment = Treatment::unknown;
  RequestKind answers{};  ///< for the answers
  bool unasked = false;   ///< it may come while nobody asked anything: notices, notifications, last words

  using Table = std::array<Rule, 256>;
  static constexpr Table table();
};

constexpr ServerSession::Rule::Table ServerSession::Rule::table() {
  Table rules{};
  const auto set = [&rules](std::string_view types, Treatment does, RequestKind kind = {}) {
    for (const char type : types) rules[static_cast<std::uint8_t>(type)] = {does, kind, false};
  };
  set("ZSCE", Treatment::whole);
  set("DdcHNtVv", Treatment::pass);
  set("1", Treatment::answer, RequestKind::parse);
  set("2", Treatment::answer, RequestKind::bind);
  set("3", Treatment::answer, RequestKind::close);
  set("Tn", Treatment::answer, RequestKind::describe);
  set("s", Treatment::answer, RequestKind::execute);
  set("I", Treatment::empty_answer, RequestKind::execute);
  set("GW", Treatment::copy_begins);
  set("A", Treatment::any_time);
  for (const char type : {'N', 'S', 'A', 'E'}) rules[static_cast<std::uint8_t>(type)].unasked = true;
  return rules;
}

void ServerSession::forward(ByteView bytes) { context_->outgoing.borrow(bytes); }

std::size_t ServerSession::relay(ByteView bytes) {
  const std::uint32_t limit = context_->settings().max_packet_size;
  std::size_t used = 0;
  if (relay_plain_answer(bytes)) return bytes.size();
  continues_message_ = inside_message();
  if (passing_ == 0) answer_synthesised();
  while (used < bytes.size()) {
    const ByteView rest = bytes.subspan(used);
    if (passing_ > 0) {
      const std::size_t part = std::min<std::size_t>(passing_, rest.size());
      if (pass_to_client_) forward(rest.first(part));
      passing_ -= static_cast<std::uint32_t>(part);
      used += part;
      // Answers made here stand right behind the message they follow, never inside it (guarantee G7).
      if (passing_ == 0) answer_synthesised();
      continue;
    }
    if ((rest[0] == 'D' || rest[0] == 'd') && asked_) {
      const std::size_t run = run_of(static_cast<char>(rest[0]), rest, limit);
      forward(rest.first(run));
      used += run;
      if (run > 0) {
        ready_ = false;
        outstanding_.answer_seen();
        continue;
      }
    }
    MessageHead head;
    const HeadStatus status = read_head(rest, limit, head);
    if (status == HeadStatus::incomplete) break;
    if (status == HeadStatus::bad) {
      deliver();
      close("bad pkt header", false);
      break;
    }
    std::size_t taken = 0;
    if (!relay_message(head, rest, taken)) break;
    used += taken;
    // A ReadyForQuery can have ended the loan: nothing may follow it then.
    if (phase_ != ServerPhase::linked) break;
  }
  return used;
}

/// Passes on what needs no closer look. Has the same effect as what follows, at a fraction of the price.
bool ServerSession::relay_plain_answer(ByteView bytes) {
  if (passing_ > 0 || in_copy_ || !asked_ || pool_->questdb() || pool_->rules.mode == PoolMode::statement) return false;
  const std::optional<char> status = plain_answer(bytes, outstanding_, context_->settings().max_packet_size);
  if (!status) return false;
  outstanding_.all_answered();
  forward(bytes);
  note_ready(*status);
  return true;
}

/// Deals with the message that begins `message`, as far as it is there; false: more bytes are needed, or all is over.
bool ServerSession::relay_message(const MessageHead& head, ByteView message, std::size_t& used) {
  static constexpr Rule::Table kRules = Rule::table();
  const Rule rule = kRules[static_cast<std::uint8_t>(head.type)];
  if (!rule.unasked && !asked_) {
    if (continues_message_) deliver();
    close("idle server got dirty", false);
    return false;
  }
  if (!rule.unasked && head.type != 'Z') outstanding_.answer_seen();
  switch (rule.treatment) {
    case Treatment::whole:
      if (message.size() < head.size) return head.size > kLargestWhole && relay_large(head);
      used = head.size;
      return relay_whole(head, message.first(head.size));
    case Treatment::any_time:
      passing_ = head.size;
      pass_to_client_ = true;
      return true;
    case Treatment::unknown:
      deliver();
      close("unknown pkt", false);
      return false;
    default: used = relay_piece(head, message, reaches_client(rule)); return true;
  }
}

/// Takes note of a message that is passed on piece by piece; false: it is the pooler's own.
bool ServerSession::reaches_client(Rule rule) {
  switch (rule.treatment) {
    case Treatment::empty_answer: return !stray_empty_answer() && forwards(rule.answers);
    case Treatment::answer: return forwards(rule.answers);
    case Treatment::copy_begins:
      in_copy_ = true;
      client_->copy_begun();
      return true;
    default: return true;
  }
}

std::size_t ServerSession::relay_piece(const MessageHead& head, ByteView message, bool to_client) {
  ready_ = false;
  const std::size_t part = std::min<std::size_t>(head.size, message.size());
  if (to_client) forward(message.first(part));
  passing_ = head.size - static_cast<std::uint32_t>(part);
  pass_to_client_ = to_client;
  if (passing_ == 0) answer_synthesised();
  return part;
}

/// A message that is looked at only when it is whole, but is too long to wait for.
bool ServerSession::relay_large(const MessageHead& head) {
  if (head.type != 'E') {
    deliver();
    close("bad pkt header", false);
    return false;
  }
  ready_ = false;
  on_error();
  passing_ = head.size;
  pass_to_client_ = true;
  return true;
}

bool ServerSession::relay_whole(const MessageHead& head, ByteView message) {
  const ByteView body = message.subspan(kHeadSize);
  bool to_client = true;
  switch (head.type) {
    case 'S':
      ready_ = false;
      on_parameter_status(body);
      break;
    case 'C':
      ready_ = false;
      on_command_complete(body);
      to_client = forwards(RequestKind::execute);
      if (to_client && is_empty_answer(body)) {
        append_empty_query(context_->outgoing.own());
        context_->outgoing.own_done();
        to_client = false;
      }
      break;
    case 'E':
      ready_ = false;
      on_error();
      break;
    default: {
      const auto status = read_ready_status(body);
      if (!status) {
        deliver();
        close("bad pkt header", false);
        return false;
      }
      on_ready_for_query(*status, to_client);
      break;
    }
  }
  if (phase_ == ServerPhase::closed) return false;
  if (to_client) forward(message);
  answer_synthesised();
  return true;
}

/// QuestDB says so of an empty statement with a name, which PostgreSQL answers by EmptyQueryResponse (questdb.md 5).
bool ServerSession::is_empty_answer(ByteView body) const {
  if (!pool_->questdb()) return false;
  const auto tag = read_command_tag(body);
  return tag && tag->empty();
}

/// QuestDB sends an EmptyQueryResponse of its own accord when an empty statement is closed (questdb.md 5).
bool ServerSession::stray_empty_answer() const {
  const Request* head = outstanding_.front();
  return pool_->questdb() && head != nullptr && head->kind != RequestKind::query && head->kind != RequestKind::execute;
}

bool ServerSession::forwards(RequestKind kind) {
  const std::optional<Disposition> disposition = outstanding_.answered(kind);
  return !disposition || *disposition == Disposition::forward;
}

void ServerSession::answer_synthesised() {
  if (!outstanding_.synthesised_next()) return;
  while (const auto request = outstanding_.take_synthesised()) {
    Buffer& own = context_->outgoing.own();
    request->kind == RequestKind::parse ? append_parse_complete(own) : append_close_complete(own);
  }
  context_->outgoing.own_done();
}

void ServerSession::answer_alone() {
  if (passing_ > 0 || !outstanding_.only_synthesised()) return;
  answer_synthesised();
  deliver();
}

void ServerSession::on_parameter_status(ByteView body) {
  const auto parameter = read_parameter_status(body);
  if (!parameter) return;
  const auto index = context_->variables.find(parameter->name);
  if (!index) return;
  auto value = std::make_shared<const std::string>(parameter->value);
  if (client_ != nullptr && phase_ == ServerPhase::linked) client_->set_variable(*index, value);
  variables_.set(*index, std::move(value));
}

void ServerSession::on_command_complete(ByteView body) {
  if (in_copy_) {
    in_copy_ = false;
    if (outstanding_.copy_finished(false)) client_->copy_ended();
  }
  if (clears_statements(body)) forget_statements();
}

/// All statements are gone, but for those of requests behind the one that was just answered.
void ServerSession::forget_statements() {
  statements_.clear();
  outstanding_.statements_gone();
  std::unordered_set<const Statement*> parsed;
  outstanding_.for_each([&](const Request& request) {
    apply(request);
    if (request.statement && request.kind == RequestKind::parse) parsed.insert(request.statement.get());
  });
  client_->forget_statements(parsed);
}

void ServerSession::on_error() {
  outstanding_.error_seen();
  if (in_copy_) {
    in_copy_ = false;
    if (outstanding_.copy_finished(true)) client_->copy_ended();
  }
}

void ServerSession::on_ready_for_query(char status, bool& forward_it) {
  const Request* head = outstanding_.front();
  forward_it = head == nullptr || head->disposition != Disposition::swallow || head->kind != RequestKind::sync;
  dropped_.clear();
  if (!outstanding_.ready_for_query(dropped_)) {
    // Nobody asked: whose answer the next one is could not be known any more.
    deliver();
    close("unexpected ReadyForQuery");
    return;
  }
  undo_dropped();
  note_ready(status);
  if (status == 'I' || pool_->rules.mode != PoolMode::statement) return;
  // Not the whole answer, but no half messages either.
  if (continues_message_) deliver();
  close("transaction blocks not allowed in statement pooling mode");
}

/// A ReadyForQuery came, and what it answers is off the queue.
void ServerSession::note_ready(char status) {
  status_ = status;
  longest_sent_ = 0;
  ready_ = status == 'I';
  client_->on_ready_for_query(status, outstanding_.empty());
}

/// What the server skipped has not changed its statements. Where later requests name the same ones, the last of those
/// decides, as it did before: a statement can be prepared, given up and prepared again.
void ServerSession::undo_dropped() {
  for (const Request& request : dropped_) {
    if (!request.statement) continue;
    request.known ? statements_.put_back(request.statement) : statements_.remove(request.statement);
  }
  dropped_.clear();
}

void ServerSession::apply(const Request& request) {
  if (!request.statement || request.disposition == Disposition::synthesise) return;
  request.kind == RequestKind::parse ? statements_.add(request.statement) : statements_.remove(request.statement);
}

void ServerSession::expect(Request request) {
  request.known = request.statement != nullptr && statements_.contains(request.statement);
  apply(request);
  outstanding_.push(std::move(request));
}

void ServerSession::deliver() {
  SendList& outgoing = context_->outgoing;
  if (client_ == nullptr) {
    outgoing.clear();
    return;
  }
  if (outgoing.empty()) return;
  client_->send_gathered();
  if (client_ != nullptr && client_->blocked()) update_interest();
}

void ServerSession::after_relay() {
  if (phase_ == ServerPhase::linked && client_ != nullptr) client_->consider_release();
}

}  // namespace uvb
