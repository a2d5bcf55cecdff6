#include "admin/command_parser.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace uvb {
namespace {

// Sizes of words in bytes, quotes included (admin-console.md 1.5).
constexpr std::size_t kMaxCommand = 15;
constexpr std::size_t kMaxArgument = 63;
constexpr std::size_t kMaxValue = 255;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_word_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// A piece of the text as written, quotes included.
using Token = std::string_view;

std::string unquoted(Token token) {
  const char quote = token.empty() ? '\0' : token.front();
  if (quote != '"' && quote != '\'') return std::string(token);
  std::string text;
  for (std::size_t i = 1; i + 1 < token.size(); ++i) {
    text += token[i];
    if (token[i] == quote) ++i;
  }
  return text;
}

/// Takes tokens from the front of a text; a take that does not find its kind leaves the text as it is.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool blanks() {
    const auto size = static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_blank) - rest_.begin());
    rest_.remove_prefix(size);
    return size > 0;
  }

  std::optional<Token> word() {
    if (auto token = quoted('"')) return token;
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word_char);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    if (size == 0) return std::nullopt;
    return take(size);
  }

  std::optional<Token> quoted(char quote) {
    if (!rest_.starts_with(quote)) return std::nullopt;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] != quote) continue;
      if (i + 1 == rest_.size() || rest_[i + 1] != quote) return take(i + 1);
      ++i;
    }
    return std::nullopt;
  }

  bool keyword(std::string_view lower_case) {
    if (!same_word(rest_.substr(0, lower_case.size()), lower_case)) return false;
    rest_.remove_prefix(lower_case.size());
    return true;
  }

  /// Nothing is left but blanks and at most one semicolon.
  bool end() {
    blanks();
    if (rest_.starts_with(';')) rest_.remove_prefix(1);
    blanks();
    return rest_.empty();
  }

 private:
  Token take(std::size_t size) {
    const Token token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

  std::string_view rest_;
};

struct Tokens {
  Token word;
  Token argument;
  Token value;
  bool assignment = false;
};

std::optional<Tokens> command_with_argument(std::string_view text) {
  Scanner scanner(text);
  Tokens tokens;
  scanner.blanks();
  const auto word = scanner.word();
  if (!word) return std::nullopt;
  tokens.word = *word;
  if (scanner.blanks()) tokens.argument = scanner.word().value_or(Token{});
  if (!scanner.end()) return std::nullopt;
  return tokens;
}

bool ends_in_to(Token key) {
  return key.size() > 2 && key.front() != '"' && same_word(key.substr(key.size() - 2), "to");
}

/// With `key_runs_into_to`, the key's last two letters are the sign.
std::optional<Tokens> assignment(std::string_view text, bool key_runs_into_to) {
  Scanner scanner(text);
  scanner.blanks();
  const auto word = scanner.word();
  if (!word || !same_word(*word, "set") || !scanner.blanks()) return std::nullopt;
  auto key = scanner.word();
  if (!key || (key_runs_into_to && !ends_in_to(*key))) return std::nullopt;
  scanner.blanks();
  if (key_runs_into_to) {
    key->remove_suffix(2);
  } else if (!scanner.keyword("=") && !scanner.keyword("to")) {
    return std::nullopt;
  }
  scanner.blanks();
  auto value = scanner.quoted('\'');
  if (!value) value = scanner.word();
  if (!value || !scanner.end()) return std::nullopt;
  return Tokens{*word, *key, *value, true};
}

bool too_long(const Tokens& tokens) {
  return tokens.word.size() > kMaxCommand || tokens.argument.size() > kMaxArgument || tokens.value.size() > kMaxValue;
}

// What is_blank_query() skips at the front; 0 when it is something else.
std::size_t nothingness(std::string_view text) {
  if (text.starts_with("--")) return std::min(text.find('\n'), text.size());
  return is_blank(text.front()) || text.front() == ';' ? 1 : 0;
}

}  // namespace

bool same_word(std::string_view word, std::string_view keyword) noexcept {
  return std::equal(word.begin(), word.end(), keyword.begin(), keyword.end(),
                    [](char left, char right) { return lower(left) == right; });
}

bool is_blank_query(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t size = nothingness(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

Result<ParsedCommand, ParseFailure> parse_command(std::string_view text) {
  auto tokens = command_with_argument(text);
  if (!tokens) tokens = assignment(text, false);
  // `to` needs no blanks around it: `set keyto'x'` is `set key to 'x'`, unless the longer key works.
  if (!tokens) tokens = assignment(text, true);
  if (!tokens) return ParseFailure::syntax;
  if (too_long(*tokens)) return ParseFailure::size;
  ParsedCommand command;
  command.word = unquoted(tokens->word);
  command.argument = unquoted(tokens->argument);
  command.value = unquoted(tokens->value);
  command.assignment = tokens->assignment;
  if (command.assignment && command.argument.empty()) return ParseFailure::size;
  return command;
}

}  // namespace uvb
