#include "backend_session.h"

#include <algorithm>

#include "wire.h"

namespace uvb::bench {
namespace {

constexpr std::uint32_t kGssRequest = 80877104;
constexpr std::uint32_t kCancelRequest = 80877102;
constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr std::size_t kMessageLimit = 1 << 30;
constexpr std::uint32_t kInt4 = 23;
constexpr std::uint32_t kText = 25;

/// Parameters PostgreSQL 15 reports, with the values a fresh Debian cluster has.
const std::map<std::string, std::string>& reported_parameters() {
  static const std::map<std::string, std::string> parameters = {
      {"application_name", ""},
      {"client_encoding", "UTF8"},
      {"DateStyle", "ISO, MDY"},
      {"default_transaction_read_only", "off"},
      {"in_hot_standby", "off"},
      {"integer_datetimes", "on"},
      {"IntervalStyle", "postgres"},
      {"is_superuser", "off"},
      {"server_encoding", "UTF8"},
      {"server_version", "15.14 (Debian 15.14-0+deb12u1)"},
      {"session_authorization", "bench"},
      {"standard_conforming_strings", "on"},
      {"TimeZone", "Etc/UTC"},
  };
  return parameters;
}

void append_row_description(std::string& out, std::string_view column, std::uint32_t type, std::uint16_t size) {
  MessageWriter(out).begin('T').u16(1).text(column).u32(0).u16(0).u32(type).u16(size).u32(0xffffffff).u16(0).end();
}

void append_one_row(std::string& out) { MessageWriter(out).begin('D').u16(1).u32(1).bytes("1").end(); }

/// CopyOutResponse or CopyInResponse for one text column.
void append_copy_response(std::string& out, char type) { MessageWriter(out).begin(type).u8(0).u16(1).u16(0).end(); }

}  // namespace

std::uint64_t RowBlocks::message_bytes(char type, std::uint32_t row_bytes) noexcept {
  return MessageHead::kSize + row_bytes + (type == 'D' ? 6 : 0);
}

const std::string& RowBlocks::block(char type, std::uint32_t row_bytes) {
  auto& block = blocks_[{type, row_bytes}];
  if (!block.empty()) return block;
  std::string row(row_bytes, 'x');
  if (type == 'd') row.back() = '\n';
  while (block.size() < kBlockBytes) {
    MessageWriter message(block);
    message.begin(type);
    if (type == 'D') message.u16(1).u32(row_bytes);
    message.bytes(row).end();
  }
  return block;
}

bool BackendSession::feed(std::string_view input) {
  std::size_t used = 0;
  if (in_.empty()) {
    if (!parse(input, used)) return false;
    in_.assign(input.substr(used));
    return true;
  }
  in_.append(input);
  if (!parse(in_, used)) return false;
  in_.erase(0, used);
  return true;
}

bool BackendSession::parse(std::string_view input, std::size_t& used) {
  if (!started_ && !start_up(input, used)) return false;
  if (!started_) return true;
  while (!streaming()) {
    const auto skipped = std::min<std::uint64_t>(skip_bytes_, input.size() - used);
    skip_bytes_ -= skipped;
    used += skipped;
    if (input.size() - used < MessageHead::kSize) return true;
    const auto head = read_head(input.data() + used);
    const auto body = input.substr(used + MessageHead::kSize, head.body_size);
    if (head.type == 'd') {  // a row of COPY FROM STDIN: swallowed without being assembled
      ++copied_rows_;
      skip_bytes_ = head.body_size;
      used += MessageHead::kSize;
      continue;
    }
    if (head.body_size > kMessageLimit) return false;
    if (body.size() < head.body_size) return true;
    used += MessageHead::kSize + body.size();
    if (!dispatch(head.type, body)) return false;
  }
  return true;
}

bool BackendSession::start_up(std::string_view input, std::size_t& used) {
  while (!started_ && input.size() - used >= 8) {
    const auto length = load_u32(input.data() + used);
    if (length < 8 || length > 10000) return false;
    if (input.size() - used < length) return true;
    const auto code = load_u32(input.data() + used + 4);
    const auto body = input.substr(used + 8, length - 8);
    used += length;
    if (code == kCancelRequest) return false;
    if (code == kSslRequest || code == kGssRequest) {
      out_.push_back('N');
    } else {
      greet(body);
    }
  }
  return true;
}

void BackendSession::greet(std::string_view parameters) {
  started_ = true;
  parameters_ = reported_parameters();
  BodyReader reader(parameters);
  while (reader.rest().size() > 1 && reader.good()) {
    const auto name = reader.text();
    const auto value = reader.text();
    const auto known = std::ranges::find_if(parameters_, [&](const auto& p) { return same_word(p.first, name); });
    if (known != parameters_.end()) known->second = value;
  }
  startup_parameters_ = parameters_;
  MessageWriter(out_).begin('R').u32(0).end();
  for (const auto& [name, value] : parameters_) report(name, value);
  MessageWriter(out_).begin('K').u32(4242).u32(0x5eedc0de).end();
  append_ready(out_, status_);
}

bool BackendSession::dispatch(char type, std::string_view body) {
  if (type == 'X') return false;
  if (type == 'c' || type == 'f') {
    on_copy_message(type);
    return true;
  }
  if (type == 'Q') {
    simple_rest_ = BodyReader(body).text();
    in_simple_query_ = true;
    if (simple_rest_.find_first_not_of(" \t\r\n;") == std::string::npos) append_message(out_, 'I');
    run_simple();
    return true;
  }
  return dispatch_extended(type, body);
}

bool BackendSession::dispatch_extended(char type, std::string_view body) {
  if (type == 'S') {
    skip_until_sync_ = false;
    portals_.clear();
    append_ready(out_, status_);
    return true;
  }
  if (type == 'H' || skip_until_sync_) return true;
  switch (type) {
    case 'P': on_parse(body); return true;
    case 'B': on_bind(body); return true;
    case 'D': on_describe(body); return true;
    case 'C': on_close(body); return true;
    case 'E': {
      const auto portal = portals_.find(std::string(BodyReader(body).text()));
      if (portal == portals_.end()) {
        fail("34000", "portal does not exist");
      } else {
        run(*portal->second, false);
      }
      return true;
    }
    default: return false;
  }
}

void BackendSession::on_copy_message(char type) {
  if (!copying_in_) return;
  copying_in_ = false;
  if (type == 'c') {
    complete("COPY " + std::to_string(copied_rows_));
  } else {
    fail("57014", "COPY from stdin failed");
  }
  if (in_simple_query_) run_simple();
}

void BackendSession::run_simple() {
  std::string_view rest = simple_rest_;
  while (!rest.empty() && !skip_until_sync_) {
    const auto statement = understand(take_statement(rest));
    if (statement.verb == Verb::empty) continue;
    run(statement, true);
    if (!streaming() && !copying_in_) continue;
    simple_rest_ = std::string(rest);
    return;
  }
  in_simple_query_ = false;
  skip_until_sync_ = false;
  append_ready(out_, status_);
}

void BackendSession::run(const Statement& statement, bool describe) {
  if (status_ == 'E' && statement.verb != Verb::rollback && statement.verb != Verb::commit) {
    return fail("25P02", "current transaction is aborted, commands ignored until end of transaction block");
  }
  switch (statement.verb) {
    case Verb::empty: return append_message(out_, 'I');
    case Verb::begin:
    case Verb::commit:
    case Verb::rollback: return run_transaction_word(statement);
    case Verb::set: set_parameter(statement.name, statement.value); break;
    case Verb::discard_all: statements_.clear(); [[fallthrough]];
    case Verb::reset_all: reset_parameters(); break;
    case Verb::deallocate_all: statements_.clear(); break;
    case Verb::copy_out:
    case Verb::rows: return start_stream(statement, describe);
    case Verb::copy_in:
      copying_in_ = true;
      copied_rows_ = 0;
      return append_copy_response(out_, 'G');
    case Verb::one_row:
      if (describe) describe_rows(statement);
      append_one_row(out_);
      return complete("SELECT 1");
    case Verb::fail: return fail("22012", "division by zero");
    case Verb::other: break;
  }
  complete(statement.tag);
}

void BackendSession::run_transaction_word(const Statement& statement) {
  const bool aborted = status_ == 'E';
  status_ = statement.verb == Verb::begin ? 'T' : 'I';
  complete(aborted && statement.verb == Verb::commit ? "ROLLBACK" : std::string_view(statement.tag));
}

void BackendSession::set_parameter(const std::string& name, const std::string& value) {
  const auto known = std::ranges::find_if(parameters_, [&](const auto& p) { return same_word(p.first, name); });
  if (known == parameters_.end() || known->second == value) return;
  known->second = value;
  report(known->first, value);
}

void BackendSession::reset_parameters() {
  for (const auto& [name, value] : startup_parameters_) set_parameter(name, value);
}

void BackendSession::report(const std::string& name, const std::string& value) {
  MessageWriter(out_).begin('S').text(name).text(value).end();
}

void BackendSession::start_stream(const Statement& statement, bool describe) {
  const char type = statement.verb == Verb::copy_out ? 'd' : 'D';
  if (type == 'd') append_copy_response(out_, 'H');
  if (type == 'D' && describe) describe_rows(statement);
  stream_.block = &blocks_.block(type, statement.row_bytes);
  stream_.offset = 0;
  stream_.left = statement.rows * RowBlocks::message_bytes(type, statement.row_bytes);
  stream_.closing.clear();
  if (type == 'd') append_message(stream_.closing, 'c');
  MessageWriter(stream_.closing).begin('C').text(statement.tag + " " + std::to_string(statement.rows)).end();
  if (stream_.left == 0) out_ += stream_.closing;
}

std::string_view BackendSession::stream_piece() const noexcept {
  const auto whole = std::string_view(*stream_.block).substr(stream_.offset);
  return whole.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(stream_.left, whole.size())));
}

bool BackendSession::stream_sent(std::size_t count) {
  stream_.left -= count;
  stream_.offset = (stream_.offset + count) % stream_.block->size();
  if (streaming()) return true;
  out_ += stream_.closing;
  if (in_simple_query_) run_simple();
  return feed({});
}

void BackendSession::complete(std::string_view tag) { MessageWriter(out_).begin('C').text(tag).end(); }

void BackendSession::fail(std::string_view code, std::string_view message) {
  MessageWriter(out_)
      .begin('E')
      .bytes("S")
      .text("ERROR")
      .bytes("V")
      .text("ERROR")
      .bytes("C")
      .text(code)
      .bytes("M")
      .text(message)
      .u8(0)
      .end();
  skip_until_sync_ = true;
  if (status_ == 'T') status_ = 'E';
}

void BackendSession::on_parse(std::string_view body) {
  BodyReader reader(body);
  const std::string name(reader.text());
  const auto sql = reader.text();
  if (!reader.good()) return fail("08P01", "invalid message format");
  if (!name.empty() && statements_.contains(name)) {
    return fail("42P05", "prepared statement \"" + name + "\" already exists");
  }
  statements_[name] = std::make_shared<const Statement>(understand(sql));
  append_message(out_, '1');
}

void BackendSession::on_bind(std::string_view body) {
  BodyReader reader(body);
  const std::string portal(reader.text());
  const std::string name(reader.text());
  const auto found = statements_.find(name);
  if (found == statements_.end()) return fail("26000", "prepared statement \"" + name + "\" does not exist");
  portals_[portal] = found->second;
  append_message(out_, '2');
}

void BackendSession::on_describe(std::string_view body) {
  BodyReader reader(body);
  const bool of_statement = reader.bytes(1) == "S";
  const std::string name(reader.text());
  const auto& known = of_statement ? statements_ : portals_;
  const auto found = known.find(name);
  if (found == known.end()) {
    return of_statement ? fail("26000", "prepared statement \"" + name + "\" does not exist")
                        : fail("34000", "portal \"" + name + "\" does not exist");
  }
  if (of_statement) {
    MessageWriter message(out_);
    message.begin('t').u16(found->second->parameters);
    for (unsigned i = 0; i < found->second->parameters; ++i) message.u32(kInt4);
    message.end();
  }
  describe_rows(*found->second);
}

void BackendSession::on_close(std::string_view body) {
  BodyReader reader(body);
  auto& known = reader.bytes(1) == "S" ? statements_ : portals_;
  known.erase(std::string(reader.text()));
  append_message(out_, '3');
}

void BackendSession::describe_rows(const Statement& statement) {
  if (statement.verb == Verb::one_row) return append_row_description(out_, "abalance", kInt4, 4);
  if (statement.verb == Verb::rows) return append_row_description(out_, "filler", kText, 0xffff);
  append_message(out_, 'n');
}

}  // namespace uvb::bench
