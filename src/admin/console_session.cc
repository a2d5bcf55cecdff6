#include "admin/console_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "admin/command_parser.h"
#include "admin/command_table.h"
#include "admin/reply_format.h"
#include "protocol/messages.h"
#include "protocol/write.h"

namespace uvb {
namespace {

// A session that makes ever new statements or portals must not grow without bounds.
constexpr std::size_t kMaxNames = 1000;

/// What a Bind has behind its names (PostgreSQL protocol, Bind).
struct BindRest {
  std::uint16_t parameters = 0;
  std::vector<std::uint16_t> formats;
};

/// Reads integers and skips bytes; `ok` turns false at the end of the bytes.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
  std::uint16_t u16() { return has(2) ? load_u16(take(2)) : std::uint16_t{0}; }
  std::uint32_t u32() { return has(4) ? load_u32(take(4)) : 0; }
  void skip(std::size_t count) {
    if (has(count)) take(count);
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && bytes_.empty(); }

 private:
  bool has(std::size_t count) {
    ok_ = ok_ && bytes_.size() >= count;
    return ok_;
  }
  const std::uint8_t* take(std::size_t count) {
    const std::uint8_t* front = bytes_.data();
    bytes_ = bytes_.subspan(count);
    return front;
  }

  ByteView bytes_;
  bool ok_ = true;
};

constexpr std::uint32_t kNullParameter = 0xffffffff;

// Parameter formats and values are read over: no command takes parameters.
std::optional<BindRest> read_bind_rest(ByteView bytes) {
  Reader reader(bytes);
  BindRest rest;
  reader.skip(std::size_t{2} * reader.u16());
  rest.parameters = reader.u16();
  for (unsigned i = 0; i < rest.parameters && reader.ok(); ++i) {
    const std::uint32_t size = reader.u32();
    if (size != kNullParameter) reader.skip(size);
  }
  const std::uint16_t formats = reader.u16();
  for (unsigned i = 0; i < formats && reader.ok(); ++i) rest.formats.push_back(reader.u16());
  if (!reader.at_end()) return std::nullopt;
  return rest;
}

struct ExecuteView {
  std::string_view portal;
  std::uint32_t row_limit = 0;
};

std::optional<ExecuteView> read_execute(ByteView body) {
  const auto end = std::find(body.begin(), body.end(), std::uint8_t{0});
  const auto size = static_cast<std::size_t>(end - body.begin());
  if (body.size() != size + 5) return std::nullopt;
  return ExecuteView{as_text(body.first(size)), load_u32(body.data() + size + 1)};
}

void append_portal_suspended(Buffer& out) {
  out.append_byte('s');
  out.append_u32(4);
}

}  // namespace

// --- messages in -----------------------------------------------------------------------------------------------------

void ConsoleSession::receive(char type, ByteView body) {
  if (ended_) return;
  if (busy()) {
    kept_.push_back({type, std::string(as_text(body))});
    return;
  }
  process(type, body);
}

void ConsoleSession::process(char type, ByteView body) {
  if (type == 'X') {
    ended_ = "client close request";
    return;
  }
  if (skipping_ && type != 'S') return;
  switch (type) {
    case 'Q': return simple_query(body);
    case 'P': return parse(body);
    case 'B': return bind(body);
    case 'D': return describe(body);
    case 'E': return execute(body);
    case 'C': return close_target(body);
    case 'S': return sync();
    case 'H': return;  // output is sent at the end of every turn anyway
    case 'd':
    case 'c':
    case 'f': return;  // PostgreSQL, too, drops COPY data that nobody asked for
    case 'F':
      send_error({.message = fmt::format("unsupported packet type for admin console: {}", int{'F'})});
      return ready();
    default: unknown_type_ = type; return die("unknown pkt");
  }
}

void ConsoleSession::simple_query(ByteView body) {
  if (!simple_query_allowed_) return die("PQexec disallowed");
  const auto text = read_query(body);
  if (!text) return die("incomplete query");
  statements_.erase(std::string());
  portals_.clear();
  if (is_blank_query(*text)) {
    append_empty_query(output_);
    return ready();
  }
  start_command(*text, Pending{});
}

void ConsoleSession::parse(ByteView body) {
  const auto view = read_parse(body);
  if (!view) return die("broken Parse packet");
  if (statements_.size() >= kMaxNames && !statements_.contains(view->name)) {
    return fail("53400", "too many prepared statements");
  }
  // A name in use is replaced, since DEALLOCATE and DISCARD of drivers are taken for nothing.
  statements_.insert_or_assign(std::string(view->name), std::string(view->query));
  append_parse_complete(output_);
}

void ConsoleSession::bind(ByteView body) {
  BindPrefix prefix;
  if (read_bind_prefix(body, body.size(), prefix) != PrefixStatus::ok) return die("broken Bind packet");
  auto rest = read_bind_rest(body.subspan(prefix.rest));
  if (!rest) return die("broken Bind packet");
  const auto statement = statements_.find(prefix.statement);
  if (statement == statements_.end()) {
    return fail("26000", fmt::format("prepared statement \"{}\" does not exist", prefix.statement));
  }
  if (rest->parameters > 0) {
    return fail("08P01",
                fmt::format("bind message supplies {} parameters, but console commands take none", rest->parameters));
  }
  if (std::any_of(rest->formats.begin(), rest->formats.end(), [](std::uint16_t format) { return format > 1; })) {
    return fail("22023", "unsupported format code");
  }
  if (portals_.size() >= kMaxNames && !portals_.contains(prefix.portal)) return fail("53400", "too many portals");
  portals_.insert_or_assign(std::string(prefix.portal),
                            Portal{statement->second, std::move(rest->formats), std::nullopt, 0});
  append_bind_complete(output_);
}

void ConsoleSession::describe(ByteView body) {
  const auto view = read_describe(body);
  if (!view) return die("broken Describe packet");
  if (view->kind == 'S') return describe_statement(view->name);
  describe_portal(view->name);
}

void ConsoleSession::describe_statement(std::string_view name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) return fail("26000", fmt::format("prepared statement \"{}\" does not exist", name));
  append_parameter_description(output_, {});
  const auto columns = describe_command(found->second);
  if (columns.empty()) return append_no_data(output_);
  append_columns(output_, columns);
}

void ConsoleSession::describe_portal(std::string_view name) {
  const auto found = portals_.find(name);
  if (found == portals_.end()) return fail("34000", fmt::format("portal \"{}\" does not exist", name));
  const auto columns = describe_command(found->second.text);
  if (columns.empty()) return append_no_data(output_);
  append_columns(output_, columns, found->second.formats);
}

void ConsoleSession::execute(ByteView body) {
  const auto view = read_execute(body);
  if (!view) return die("broken Execute packet");
  const auto found = portals_.find(view->portal);
  if (found == portals_.end()) return fail("34000", fmt::format("portal \"{}\" does not exist", view->portal));
  Portal& portal = found->second;
  if (is_blank_query(portal.text)) return append_empty_query(output_);
  if (portal.result) return send_rows(portal, view->row_limit);
  start_command(portal.text, Pending{false, std::string(view->portal), view->row_limit});
}

void ConsoleSession::close_target(ByteView body) {
  const auto view = read_close(body);
  if (!view) return die("broken Close packet");
  if (view->kind == 'S') {
    if (const auto found = statements_.find(view->name); found != statements_.end()) statements_.erase(found);
  } else if (const auto found = portals_.find(view->name); found != portals_.end()) {
    portals_.erase(found);
  }
  append_close_complete(output_);
}

void ConsoleSession::sync() {
  skipping_ = false;
  portals_.clear();  // they live as long as the transaction, and there is none
  ready();
}

// --- commands --------------------------------------------------------------------------------------------------------

void ConsoleSession::start_command(std::string_view text, Pending pending) {
  command_ = std::string(text);
  pending_ = std::move(pending);
}

std::optional<std::string> ConsoleSession::take_command() { return std::exchange(command_, std::nullopt); }

void ConsoleSession::answer(ConsoleReply reply) {
  if (!pending_ || ended_) return;
  const Pending pending = std::move(*pending_);
  pending_.reset();
  command_.reset();
  if (reply.close) {
    ended_ = "server shutting down";
  } else if (pending.simple) {
    answer_simple(reply);
  } else {
    answer_execute(std::move(reply), pending);
  }
  while (!busy() && !ended_ && !kept_.empty()) {
    const Message message = std::move(kept_.front());
    kept_.pop_front();
    process(message.type, as_bytes(message.body));
  }
}

void ConsoleSession::answer_simple(const ConsoleReply& reply) {
  send_notices(reply);
  if (reply.error) {
    send_error(*reply.error);
    if (!ended_) ready();
    return;
  }
  if (!reply.columns.empty()) append_columns(output_, reply.columns);
  for (const ConsoleRow& row : reply.rows) append_row(output_, reply.columns, row);
  append_command_complete(output_, reply.tag);
  ready();
}

void ConsoleSession::answer_execute(ConsoleReply&& reply, const Pending& pending) {
  send_notices(reply);
  if (reply.error) {
    send_error(*reply.error);
    skipping_ = true;
    return;
  }
  Portal& portal = portals_.find(pending.portal)->second;
  portal.result = std::move(reply);
  send_rows(portal, pending.row_limit);
}

void ConsoleSession::send_rows(Portal& portal, std::uint32_t limit) {
  const ConsoleReply& result = *portal.result;
  std::size_t end = result.rows.size();
  if (limit != 0) end = std::min(end, portal.next_row + limit);
  for (; portal.next_row < end; ++portal.next_row) {
    append_row(output_, result.columns, result.rows[portal.next_row], portal.formats);
  }
  if (end < result.rows.size()) return append_portal_suspended(output_);
  append_command_complete(output_, result.tag);
}

// --- messages out ----------------------------------------------------------------------------------------------------

void ConsoleSession::send_notices(const ConsoleReply& reply) {
  for (const ConsoleNotice& notice : reply.notices) append_console_notice(output_, notice);
}

void ConsoleSession::send_error(const ConsoleError& error) {
  append_console_error(output_, error);
  if (!error.fatal) return errors_.push_back(error.message);
  ended_ = error.message;
  failed_ = true;
}

void ConsoleSession::fail(std::string code, std::string message) {
  send_error({.code = std::move(code), .message = std::move(message)});
  skipping_ = true;
}

void ConsoleSession::die(std::string message) { send_error({.message = std::move(message), .fatal = true}); }

void ConsoleSession::ready() { append_ready(output_, TransactionStatus::idle); }

std::vector<std::string> ConsoleSession::take_errors() { return std::exchange(errors_, {}); }

}  // namespace uvb
