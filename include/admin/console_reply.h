#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/sqlstate.h"

namespace uvb {

/// The column types the console uses; the value is the PostgreSQL type OID (admin-console.md 2.0).
enum class ColumnType : std::uint32_t { bytea = 17, int8 = 20, int4 = 23, text = 25, numeric = 1700 };

/// The type's length as RowDescription has it; -1 is variable.
[[nodiscard]] constexpr std::int16_t type_length(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::int4: return 4;
    case ColumnType::int8: return 8;
    case ColumnType::bytea:
    case ColumnType::text:
    case ColumnType::numeric: break;
  }
  return -1;
}

struct ConsoleColumn {
  std::string_view name;  ///< static text
  ColumnType type = ColumnType::text;
  bool operator==(const ConsoleColumn&) const = default;
};

/// One value in text form; nullopt is NULL.
using Cell = std::optional<std::string>;
using ConsoleRow = std::vector<Cell>;

struct ConsoleNotice {
  std::string message{};
  std::string detail{};  ///< empty: none
};

struct ConsoleError {
  std::string code{kProtocolViolation};
  std::string message{};
  std::string detail{};  ///< empty: none
  bool fatal = false;    ///< severity FATAL and the end of the session
};

/// What a command answers, in no protocol form yet: made on the control thread, put into bytes by the worker's
/// ConsoleSession. In the order of sending: notices, then either error or columns, rows and tag.
struct ConsoleReply {
  std::vector<ConsoleNotice> notices;
  std::vector<ConsoleColumn> columns;  ///< empty: no result set
  std::vector<ConsoleRow> rows;        ///< as many cells each as there are columns
  std::string tag;
  std::optional<ConsoleError> error;
  bool close = false;  ///< end the session, with no more than what is above (SHUTDOWN: nothing)
};

/// A reply that is just a tag, resp. just an error.
[[nodiscard]] ConsoleReply tag_reply(std::string tag);
[[nodiscard]] ConsoleReply error_reply(std::string message, std::string code = std::string(kProtocolViolation));

}  // namespace uvb
