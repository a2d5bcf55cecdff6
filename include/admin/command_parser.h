#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace uvb {

/// A console command taken apart. Texts are without their quotes, case as written.
struct ParsedCommand {
  std::string word;
  std::string argument;     ///< or SET's key; empty: none (an explicit `""` counts as none)
  std::string value;        ///< SET's
  bool assignment = false;  ///< `set key = value`
};

enum class ParseFailure : std::uint8_t {
  syntax,  ///< `invalid command '…', use SHOW HELP;`
  size,    ///< `bad arguments`: a word is too long, or SET's key empty
};

/// The lexical rules of admin-console.md 1.5: one command, three patterns, no comments.
Result<ParsedCommand, ParseFailure> parse_command(std::string_view text);

/// Whether an unquoted or quoted word is `keyword` (given in lower case), ASCII letters in any case.
[[nodiscard]] bool same_word(std::string_view word, std::string_view keyword) noexcept;

/// Nothing but blanks and semicolons: answered by EmptyQueryResponse, since drivers ping so.
[[nodiscard]] bool is_blank_query(std::string_view text) noexcept;

}  // namespace uvb
