#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace uvb::bench {

/// What a statement asks of the benchmark's backend, by its first words.
enum class Verb : std::uint8_t {
  empty,
  begin,
  commit,
  rollback,
  set,
  reset_all,
  discard_all,
  deallocate_all,
  copy_out,  ///< COPY bench_<row bytes>_<rows> TO STDOUT
  copy_in,   ///< COPY anything FROM STDIN
  rows,      ///< SELECT ... FROM bench_<row bytes>_<rows>
  one_row,   ///< any other SELECT or SHOW: one row, one integer column
  fail,      ///< SELECT 1/0
  other,     ///< answered by its first word as the command tag
};

/// A statement, understood as far as the backend needs.
struct Statement {
  Verb verb = Verb::empty;
  std::string tag;               ///< of CommandComplete, without the row count
  std::string name;              ///< of SET
  std::string value;             ///< of SET, unquoted
  std::uint32_t row_bytes = 0;   ///< of copy_out and rows
  std::uint64_t rows = 0;        ///< of copy_out and rows
  std::uint16_t parameters = 0;  ///< highest $n in the text
};

/// Understands one statement without its semicolon.
Statement understand(std::string_view sql);

/// Cuts the first statement off `sql`, minding quotes; `sql` keeps what follows its semicolon.
std::string_view take_statement(std::string_view& sql);

/// ASCII case-insensitive comparison, as PostgreSQL compares key words and parameter names.
bool same_word(std::string_view a, std::string_view b) noexcept;

}  // namespace uvb::bench
