#include "session/statements.h"

#include <algorithm>
#include <utility>

#include "config/text.h"

namespace uvb {

namespace {

/// One of them is the beginning of the other.
bool agree(std::string_view text, std::string_view word) {
  const std::size_t size = std::min(text.size(), word.size());
  return equal_ignoring_case(text.substr(0, size), word.substr(0, size));
}

std::string key_of(std::string_view query, ByteView types) {
  std::string key;
  key.reserve(query.size() + 1 + types.size());
  key.append(query).push_back('\0');
  key.append(as_text(types));
  return key;
}

}  // namespace

bool gives_up_statements(std::string_view text) noexcept {
  const std::string_view command = trim_left(text);
  // Few queries pass this; it is asked of each.
  if (!command.empty() && to_lower(command.front()) != 'd') return false;
  return agree(command, "discard") || agree(command, "deallocate");
}

// The zero byte behind the query tells a whole text from one that is cut off.
Statement::Statement(std::uint64_t number, std::string key, std::size_t query_size)
    : key_(std::move(key)),
      query_size_(query_size),
      server_name_("PGBOUNCER_" + std::to_string(number)),
      gives_up_all_(gives_up_statements(key_)) {}

StatementPtr StatementRegistry::unshared(std::string_view query, ByteView types) {
  const std::uint64_t number = entries_.with([](Entries& entries) { return ++entries.last_number; });
  return std::make_shared<const Statement>(number, key_of(query, types), query.size());
}

StatementPtr StatementRegistry::intern(std::string_view query, ByteView types) {
  std::string key = key_of(query, types);
  return entries_.with([&](Entries& entries) -> StatementPtr {
    const auto found = entries.by_key.find(std::string_view(key));
    if (found != entries.by_key.end()) {
      if (StatementPtr known = found->second.lock()) return known;
      entries.by_key.erase(found);
    }
    const auto forget_it = [registry = weak_from_this()](const Statement* statement) {
      if (const auto alive = registry.lock()) alive->forget(*statement);
      delete statement;
    };
    const StatementPtr fresh(new Statement(++entries.last_number, std::move(key), query.size()), forget_it);
    entries.by_key.emplace(fresh->key(), fresh);
    return fresh;
  });
}

void StatementRegistry::forget(const Statement& statement) {
  entries_.with([&](Entries& entries) {
    // The key may already stand for a successor made while this one was dying.
    const auto found = entries.by_key.find(statement.key());
    if (found != entries.by_key.end() && found->first.data() == statement.key().data()) entries.by_key.erase(found);
  });
}

std::size_t StatementRegistry::size() const {
  return entries_.with([](const Entries& entries) { return entries.by_key.size(); });
}

bool ServerStatements::touch(const StatementPtr& statement) {
  const auto found = places_.find(statement.get());
  if (found == places_.end()) return false;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return true;
}

bool ServerStatements::contains(const StatementPtr& statement) const { return places_.contains(statement.get()); }

void ServerStatements::add(StatementPtr statement) {
  if (touch(statement)) return;
  const Statement* key = statement.get();
  by_use_.push_front(std::move(statement));
  places_.emplace(key, by_use_.begin());
}

void ServerStatements::put_back(StatementPtr statement) {
  if (contains(statement)) return;
  const Statement* key = statement.get();
  by_use_.push_back(std::move(statement));
  places_.emplace(key, std::prev(by_use_.end()));
}

void ServerStatements::remove(const StatementPtr& statement) {
  const auto found = places_.find(statement.get());
  if (found == places_.end()) return;
  by_use_.erase(found->second);
  places_.erase(found);
}

StatementPtr ServerStatements::surplus(int limit) const {
  const bool over = limit >= 0 && by_use_.size() > static_cast<std::size_t>(limit);
  return over ? by_use_.back() : nullptr;
}

void ServerStatements::clear() noexcept {
  places_.clear();
  by_use_.clear();
}

}  // namespace uvb
