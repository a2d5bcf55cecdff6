// Protocol-level prepared statements of a client, kept apart from the names servers know them by (behaviour.md 5).
#include <fmt/format.h>

#include "protocol/messages.h"
#include "protocol/write.h"
#include "session/client.h"
#include "session/server.h"

namespace uvb {

namespace {

/// No statement at all, to QuestDB: blanks, semicolons and comments only.
bool is_blank_sql(std::string_view sql) {
  std::size_t at = 0;
  while (at < sql.size()) {
    if (std::string_view(" \t\r\n\f;").find(sql[at]) != std::string_view::npos) {
      ++at;
    } else if (sql.substr(at).starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (sql.substr(at).starts_with("/*")) {
      const std::size_t end = sql.find("*/", at + 2);
      at = end == std::string_view::npos ? sql.size() : end + 2;
    } else {
      return false;
    }
  }
  return true;
}

// A named statement must be in memory whole; the limit keeps a hostile client from filling it.
constexpr std::uint32_t kLargestNamedParse = 64U << 20;
constexpr std::uint32_t kLargestNameMessage = 1U << 20;

}  // namespace

StatementPtr ClientSession::find_statement(std::string_view name) const {
  if (!statements_) return nullptr;
  const auto found = statements_->find(name);
  return found == statements_->end() ? nullptr : found->second;
}

ClientSession::Verdict ClientSession::on_parse(const MessageHead& head, ByteView message) {
  if (!tracking()) return request(RequestKind::parse);
  const bool named = message.size() > kHeadSize ? message[kHeadSize] != 0 : false;
  if (message.size() <= kHeadSize && head.size > kHeadSize) return Verdict::more;
  if (!named) {
    const Verdict verdict = request(RequestKind::parse);
    if (verdict == Verdict::pass && questdb()) note_unnamed_parse(head, message);
    return verdict;
  }
  if (message.size() < head.size && head.size <= kLargestNamedParse) return Verdict::more;
  const auto parse = message.size() < head.size ? std::nullopt : read_parse(message.subspan(kHeadSize));
  if (!parse) {
    fail("broken Parse packet");
    return Verdict::over;
  }
  taken_ = head.size;
  return parse_named(parse->name, parse->query, parse->types);
}

ClientSession::Verdict ClientSession::parse_named(std::string_view name, std::string_view query, ByteView types) {
  const Verdict verdict = need_server();
  if (verdict != Verdict::pass) return verdict;
  if (find_statement(name)) {
    context_.log.error(fmt::format("{}prepared statement '{}' was already prepared", log_prefix(), name));
    fail("prepared statement name is already in use");
    return Verdict::over;
  }
  ++pool_->counters.client_parse_count;
  if (!statements_) statements_ = std::make_unique<ClientStatements>();
  const StatementPtr statement = context_.statements.intern(query, types);
  statements_->emplace(std::string(name), statement);
  if (server_->statements().contains(statement) && !server_->outstanding().unconfirmed(statement.get())) {
    server_->expect({RequestKind::parse, Disposition::synthesise, statement});
  } else {
    inject_parse(statement, Disposition::forward);
  }
  return Verdict::taken;
}

void ClientSession::inject_parse(const StatementPtr& statement, Disposition disposition) {
  if (server_->outstanding().unconfirmed(statement.get())) inject_close(statement);
  append_parse(context_.outgoing.own(), statement->server_name(), statement->query(), statement->types());
  context_.outgoing.own_done();
  server_->expect({RequestKind::parse, disposition, statement});
  server_->statements().add(statement);
  ++pool_->counters.server_parse_count;
  evict_statements();
}

void ClientSession::evict_statements() {
  while (const StatementPtr oldest = server_->statements().evict(context_.settings().max_prepared_statements)) {
    append_close_statement(context_.outgoing.own(), oldest->server_name());
    context_.outgoing.own_done();
    server_->expect({RequestKind::close, Disposition::swallow, oldest});
  }
}

/// Whether the server knows the statement depends on requests that it may skip: behind a Close, which fails never, it does
/// not.
void ClientSession::inject_close(const StatementPtr& statement) {
  append_close_statement(context_.outgoing.own(), statement->server_name());
  context_.outgoing.own_done();
  const bool known = server_->statements().contains(statement);
  server_->expect({RequestKind::close, Disposition::swallow, known ? statement : nullptr});
  server_->statements().remove(statement);
}

/// Makes sure that the server knows the statement.
void ClientSession::prepare(const StatementPtr& statement) {
  const bool known = server_->statements().touch(statement);
  if (!known || server_->outstanding().unconfirmed(statement.get())) inject_parse(statement, Disposition::swallow);
}

ClientSession::Verdict ClientSession::on_bind(const MessageHead& head, ByteView message) {
  if (!tracking()) return request(RequestKind::bind);
  BindPrefix prefix;
  const ByteView body = message.subspan(kHeadSize);
  const PrefixStatus status = read_bind_prefix(body, head.body_size(), prefix);
  if (status == PrefixStatus::incomplete && body.size() < kLargestNameMessage) return Verdict::more;
  if (status != PrefixStatus::ok) {
    fail("broken Bind packet");
    return Verdict::over;
  }
  const std::string portal = questdb() ? std::string(prefix.portal) : std::string();
  if (prefix.statement.empty()) {
    const Verdict verdict = request(RequestKind::bind);
    if (verdict == Verdict::pass && !portal.empty()) server_->portals().insert(portal);
    return verdict;
  }
  const Verdict verdict = need_server();
  if (verdict != Verdict::pass) return verdict;
  const StatementPtr statement = find_statement(prefix.statement);
  if (!statement) {
    context_.log.error(fmt::format("{}prepared statement '{}' not found", log_prefix(), prefix.statement));
    fail("prepared statement did not exist");
    return Verdict::over;
  }
  prepare(statement);
  ++pool_->counters.bind_count;
  if (!portal.empty()) server_->portals().insert(portal);
  // Only the name differs; what follows it is passed on as it comes.
  Buffer& own = context_.outgoing.own();
  const std::size_t rest = head.body_size() - prefix.rest;
  const std::size_t size = 4 + prefix.portal.size() + 1 + statement->server_name().size() + 1 + rest;
  own.append_byte('B');
  own.append_u32(static_cast<std::uint32_t>(size));
  own.append(prefix.portal);
  own.append_byte(0);
  own.append(statement->server_name());
  own.append_byte(0);
  context_.outgoing.own_done();
  server_->expect({RequestKind::bind, Disposition::forward, nullptr});
  taken_ = static_cast<std::uint32_t>(kHeadSize + prefix.rest);
  return Verdict::taken;
}

ClientSession::Verdict ClientSession::on_describe(const MessageHead& head, ByteView message) {
  if (!tracking()) return request(RequestKind::describe);
  if (message.size() < head.size && head.size <= kLargestNameMessage) return Verdict::more;
  const auto describe = message.size() < head.size ? std::nullopt : read_describe(message.subspan(kHeadSize));
  if (!describe) {
    fail("broken Describe packet");
    return Verdict::over;
  }
  if (describe->kind != 'S' || describe->name.empty()) return request(RequestKind::describe);
  const Verdict verdict = need_server();
  if (verdict != Verdict::pass) return verdict;
  const StatementPtr statement = find_statement(describe->name);
  if (!statement) {
    context_.log.error(fmt::format("{}prepared statement '{}' not found", log_prefix(), describe->name));
    fail("prepared statement did not exist");
    return Verdict::over;
  }
  prepare(statement);
  Buffer& own = context_.outgoing.own();
  own.append_byte('D');
  own.append_u32(static_cast<std::uint32_t>(4 + 1 + statement->server_name().size() + 1));
  own.append_byte('S');
  own.append(statement->server_name());
  own.append_byte(0);
  context_.outgoing.own_done();
  server_->expect({RequestKind::describe, Disposition::forward, nullptr});
  taken_ = head.size;
  return Verdict::taken;
}

ClientSession::Verdict ClientSession::on_close(const MessageHead& head, ByteView message) {
  if (!tracking()) return request(RequestKind::close);
  if (message.size() < head.size && head.size <= kLargestNameMessage) return Verdict::more;
  const auto target = message.size() < head.size ? std::nullopt : read_close(message.subspan(kHeadSize));
  if (!target) {
    fail("broken Close packet");
    return Verdict::over;
  }
  if (target->kind == 'S' && !target->name.empty()) {
    taken_ = head.size;
    return answer_close(target->name);
  }
  const std::string portal = target->kind == 'P' ? std::string(target->name) : std::string();
  const Verdict verdict = request(RequestKind::close);
  if (verdict == Verdict::pass && !portal.empty()) server_->portals().erase(portal);
  return verdict;
}

/// Only the client's name for the statement goes; this needs no server.
ClientSession::Verdict ClientSession::answer_close(std::string_view name) {
  if (statements_) {
    const auto found = statements_->find(name);
    if (found != statements_->end()) statements_->erase(found);
  }
  if (server_ != nullptr) {
    server_->expect({RequestKind::close, Disposition::synthesise, nullptr});
    return Verdict::taken;
  }
  Buffer answer;
  append_close_complete(answer);
  say(answer.view());
  return Verdict::taken;
}

void ClientSession::note_unnamed_parse(const MessageHead& head, ByteView message) {
  if (message.size() < head.size) return;
  const auto parse = read_parse(message.subspan(kHeadSize));
  if (parse && is_blank_sql(parse->query)) server_->empty_parse_sent(true);
}

}  // namespace uvb
