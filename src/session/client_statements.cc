// Protocol-level prepared statements of a client, kept apart from the names servers know them by (behaviour.md 5).
#include <fmt/format.h>

#include "protocol/messages.h"
#include "protocol/write.h"
#include "session/client.h"
#include "session/server.h"

namespace uvb {

namespace {

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
  if (!named && !questdb()) {
    unnamed_gives_up_ = gives_up_statements(as_text(message.subspan(kHeadSize + 1)));
    return request(RequestKind::parse);
  }
  if (message.size() < head.size && head.size <= kLargestNamedParse) return Verdict::more;
  const auto parse = message.size() < head.size ? std::nullopt : read_parse(message.subspan(kHeadSize));
  if (!parse) {
    fail("broken Parse packet");
    return Verdict::over;
  }
  taken_ = head.size;
  return named ? parse_named(parse->name, parse->query, parse->types) : parse_unnamed(parse->query, parse->types);
}

/// QuestDB must never see an unnamed statement (questdb.md 11 rule 4). It loses it at the first Execute; a Bind of it
/// meets whatever was parsed or bound last on the connection, another client's statement included; and one that is
/// parsed but not executed damages QuestDB's cache of plans when something else is parsed behind it: from then on
/// everybody's queries of that text give the results of another. Named statements have none of that, so it gets a name.
ClientSession::Verdict ClientSession::parse_unnamed(std::string_view query, ByteView types) {
  const Verdict verdict = need_server();
  if (verdict != Verdict::pass) return verdict;
  ++pool_->counters.client_parse_count;
  if (!statements_) statements_ = std::make_unique<ClientStatements>();
  StatementPtr& unnamed = (*statements_)[std::string()];
  if (unnamed && server_->statements().contains(unnamed)) inject_close(unnamed);
  // A client that parses anew expects the tables of now, not a plan that others made before they changed.
  unnamed = context_.statements.unshared(query, types);
  inject_parse(unnamed, Disposition::forward);
  return Verdict::taken;
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
  if (server_->statements().contains(statement) && !in_doubt(statement)) {
    server_->expect({RequestKind::parse, Disposition::synthesise, statement});
  } else {
    inject_parse(statement, Disposition::forward);
  }
  return Verdict::taken;
}

/// Whether the server knows the statement may depend on requests on their way: on some that it can skip, or on one by
/// which it gives up everything.
bool ClientSession::in_doubt(const StatementPtr& statement) const {
  const Outstanding& outstanding = server_->outstanding();
  return outstanding.unconfirmed(statement.get()) || outstanding.may_be_given_up(statement.get());
}

/// Behind a Close, which never fails, there is no doubt.
void ClientSession::inject_parse(const StatementPtr& statement, Disposition disposition) {
  if (in_doubt(statement)) inject_close(statement);
  append_parse(context_.outgoing.own(), statement->server_name(), statement->query(), statement->types());
  context_.outgoing.own_done();
  server_->expect({RequestKind::parse, disposition, statement});
  ++pool_->counters.server_parse_count;
  evict_statements();
}

void ClientSession::evict_statements() {
  const int limit = pool_->statement_limit(context_.settings().max_prepared_statements);
  while (const StatementPtr oldest = server_->statements().surplus(limit)) inject_close(oldest);
}

bool ClientSession::passes_unnamed(std::string_view name) const noexcept { return name.empty() && !questdb(); }

void ClientSession::inject_close(const StatementPtr& statement) {
  append_close_statement(context_.outgoing.own(), statement->server_name());
  context_.outgoing.own_done();
  server_->expect({RequestKind::close, Disposition::swallow, statement});
}

/// Makes sure that the server knows the statement; not, if it was given up with all others since the client parsed it:
/// as without a pooler, it is not there any more.
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
  if (passes_unnamed(prefix.statement)) {
    portal_gives_up_ = portal_gives_up_ || unnamed_gives_up_;
    return request(RequestKind::bind);
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
  portal_gives_up_ = portal_gives_up_ || statement->gives_up_all();
  ++pool_->counters.bind_count;
  if (questdb()) server_->portal_opened(prefix.portal);
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
  server_->expect(RequestKind::bind);
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
  if (describe->kind != 'S' || passes_unnamed(describe->name)) return request(RequestKind::describe);
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
  server_->expect(RequestKind::describe);
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
  if (target->kind == 'S' && !passes_unnamed(target->name)) {
    taken_ = head.size;
    return answer_close(target->name);
  }
  const Verdict verdict = request(RequestKind::close);
  if (verdict == Verdict::pass && target->kind == 'P') server_->portal_closed(target->name);
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

ClientSession::Verdict ClientSession::on_execute(const MessageHead& head) {
  // The shortest there is: an empty portal name and the row limit.
  constexpr std::uint32_t kUnnamedExecuteSize = kHeadSize + 1 + 4;
  const Verdict verdict = request(RequestKind::execute, portal_gives_up_);
  if (verdict == Verdict::pass && head.size == kUnnamedExecuteSize) server_->unnamed_portal_executed();
  return verdict;
}

}  // namespace uvb
