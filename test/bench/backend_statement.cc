#include "backend_statement.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <iterator>
#include <utility>

namespace uvb::bench {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

char lower(char c) noexcept { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const auto word = text.substr(0, std::min(text.find_first_of(" \t\r\n="), text.size()));
  text.remove_prefix(word.size());
  return word;
}

std::string unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return std::string(text);
  std::string value;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    value.push_back(text[i]);
    if (text[i] == '\'') ++i;
  }
  return value;
}

void read_set(std::string_view rest, Statement& statement) {
  auto word = take_word(rest);
  if (same_word(word, "session") || same_word(word, "local")) word = take_word(rest);
  statement.name = word;
  rest = trim(rest);
  if (!rest.empty() && rest.front() == '=') {
    rest.remove_prefix(1);
  } else {
    take_word(rest);
  }
  statement.value = unquote(trim(rest));
}

/// Finds bench_<row bytes>_<rows> in the text.
bool read_table(std::string_view sql, Statement& statement) {
  constexpr std::string_view kPrefix = "bench_";
  const auto at = sql.find(kPrefix);
  if (at == std::string_view::npos) return false;
  const char* end = sql.data() + sql.size();
  const auto [size_end, size_error] = std::from_chars(sql.data() + at + kPrefix.size(), end, statement.row_bytes);
  if (size_error != std::errc{} || size_end == end || *size_end != '_') return false;
  return std::from_chars(size_end + 1, end, statement.rows).ec == std::errc{} && statement.row_bytes > 0;
}

std::uint16_t count_parameters(std::string_view sql) {
  std::uint16_t highest = 0;
  for (auto at = sql.find('$'); at != std::string_view::npos; at = sql.find('$', at + 1)) {
    std::uint16_t number = 0;
    std::from_chars(sql.data() + at + 1, sql.data() + sql.size(), number);
    highest = std::max(highest, number);
  }
  return highest;
}

Verb copy_verb(std::string_view rest, Statement& statement) {
  if (!read_table(rest, statement)) return Verb::copy_in;
  take_word(rest);
  return same_word(take_word(rest), "to") ? Verb::copy_out : Verb::copy_in;
}

Verb select_verb(std::string_view rest, Statement& statement) {
  if (trim(rest) == "1/0") return Verb::fail;
  statement.parameters = count_parameters(rest);
  return read_table(rest, statement) ? Verb::rows : Verb::one_row;
}

struct KeyWord {
  std::string_view word;
  Verb verb;
};

constexpr std::array kKeyWords = {
    KeyWord{"begin", Verb::begin},
    KeyWord{"start", Verb::begin},
    KeyWord{"commit", Verb::commit},
    KeyWord{"end", Verb::commit},
    KeyWord{"rollback", Verb::rollback},
    KeyWord{"abort", Verb::rollback},
    KeyWord{"reset", Verb::reset_all},
    KeyWord{"discard", Verb::discard_all},
    KeyWord{"deallocate", Verb::deallocate_all},
};

Verb key_word_verb(std::string_view word) {
  const auto found = std::ranges::find_if(kKeyWords, [&](const KeyWord& k) { return same_word(k.word, word); });
  return found == kKeyWords.end() ? Verb::other : found->verb;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

Statement understand(std::string_view sql) {
  Statement statement;
  auto rest = trim(sql);
  if (rest.empty()) return statement;
  const auto word = take_word(rest);
  std::ranges::transform(word, std::back_inserter(statement.tag),
                         [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  if (same_word(word, "select") || same_word(word, "show")) {
    statement.verb = select_verb(rest, statement);
  } else if (same_word(word, "copy")) {
    statement.verb = copy_verb(rest, statement);
  } else if (same_word(word, "set")) {
    statement.verb = Verb::set;
    read_set(rest, statement);
  } else {
    statement.verb = key_word_verb(word);
    if (statement.verb == Verb::discard_all || statement.verb == Verb::deallocate_all) statement.tag += " ALL";
    if (statement.verb == Verb::commit) statement.tag = "COMMIT";
  }
  return statement;
}

std::string_view take_statement(std::string_view& sql) {
  bool quoted = false;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '\'') quoted = !quoted;
    if (sql[i] != ';' || quoted) continue;
    const auto statement = sql.substr(0, i);
    sql.remove_prefix(i + 1);
    return statement;
  }
  return std::exchange(sql, {});
}

}  // namespace uvb::bench
