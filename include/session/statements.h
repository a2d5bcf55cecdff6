#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/guarded.h"

namespace uvb {

/// Whether the text, or as much of it as is there, looks like a command that makes a server give up its statements. One
/// behind a comment or another command is not seen.
[[nodiscard]] bool gives_up_statements(std::string_view text) noexcept;

/// A distinct protocol-level prepared statement: query text and parameter types, byte-exact (behaviour.md 5.2).
/// Immutable; any thread.
class Statement {
 public:
  Statement(std::uint64_t number, std::string key, std::size_t query_size);

  [[nodiscard]] std::string_view query() const noexcept { return std::string_view(key_).substr(0, query_size_); }
  /// Count and type OIDs as they stand in a Parse message.
  [[nodiscard]] ByteView types() const noexcept { return as_bytes(std::string_view(key_).substr(query_size_ + 1)); }
  /// "PGBOUNCER_N": its name on every server.
  [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  /// See gives_up_statements().
  [[nodiscard]] bool gives_up_all() const noexcept { return gives_up_all_; }

 private:
  std::string key_;
  std::size_t query_size_;
  std::string server_name_;
  bool gives_up_all_;
};

using StatementPtr = std::shared_ptr<const Statement>;

/// All statements that some client or server knows. One per process; any thread. An entry goes with its last user; a
/// later identical query gets a new number.
class StatementRegistry : public std::enable_shared_from_this<StatementRegistry> {
 public:
  [[nodiscard]] StatementPtr intern(std::string_view query, ByteView types);
  /// A statement of its own, shared with nobody whatever its text.
  [[nodiscard]] StatementPtr unshared(std::string_view query, ByteView types);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entries {
    std::uint64_t last_number = 0;
    std::unordered_map<std::string_view, std::weak_ptr<const Statement>> by_key;
  };
  void forget(const Statement& statement);
  Guarded<Entries> entries_;
};

/// Lets maps keyed by std::string be searched by std::string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

/// The names one client has given to statements; the empty one only in front of QuestDB.
using ClientStatements = std::unordered_map<std::string, StatementPtr, TextHash, std::equal_to<>>;

/// The statements believed prepared on one server, by last use.
class ServerStatements {
 public:
  /// Marks as just used; false when it is not there.
  bool touch(const StatementPtr& statement);
  [[nodiscard]] bool contains(const StatementPtr& statement) const;
  void add(StatementPtr statement);
  /// Puts back what could not be closed, as the oldest.
  void put_back(StatementPtr statement);
  void remove(const StatementPtr& statement);
  /// The longest unused one when there are more than `limit` (negative: no limit); null else.
  [[nodiscard]] StatementPtr surplus(int limit) const;
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return by_use_.size(); }

 private:
  std::list<StatementPtr> by_use_;  ///< most recently used first
  std::unordered_map<const Statement*, std::list<StatementPtr>::iterator> places_;
};

}  // namespace uvb
