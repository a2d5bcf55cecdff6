#include "config/ini_lexer.h"

#include <algorithm>

#include "config/text.h"

namespace uvb {
namespace {

constexpr std::string_view kInclude = "%include";

bool is_key_character(char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '*'; }

bool starts_include(std::string_view text) {
  return text.starts_with(kInclude) && text.size() > kInclude.size() && is_blank(text[kInclude.size()]);
}

}  // namespace

IniItem IniLexer::next() {
  for (;;) {
    skip_space();
    item_line_ = line_;
    if (rest_.empty()) return {IniItem::Kind::end, {}, {}, item_line_, nullptr};
    if (rest_.front() != '#' && rest_.front() != ';') break;
    take_line();
  }
  if (rest_.front() == '[') return section();
  if (!starts_include(rest_)) return entry();
  take(kInclude.size());
  skip_blanks();
  return {IniItem::Kind::include, trim_right(take_line()), {}, item_line_, nullptr};
}

void IniLexer::skip_space() {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_space);
  take(static_cast<std::size_t>(end - rest_.begin()));
}

void IniLexer::skip_blanks() {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_blank);
  take(static_cast<std::size_t>(end - rest_.begin()));
}

std::string_view IniLexer::take(std::size_t length) {
  const std::string_view taken = rest_.substr(0, length);
  line_ += static_cast<int>(std::count(taken.begin(), taken.end(), '\n'));
  rest_.remove_prefix(taken.size());
  return taken;
}

std::string_view IniLexer::take_line() { return take(std::min(rest_.find('\n'), rest_.size())); }

IniItem IniLexer::section() {
  const std::size_t end = rest_.find_first_of("]\n");
  if (end == std::string_view::npos || rest_[end] != ']') return fail("no ] on the line of a section's [");
  const std::string_view name = take(end + 1).substr(1, end - 1);
  return {IniItem::Kind::section, name, {}, item_line_, nullptr};
}

IniItem IniLexer::entry() {
  IniItem item;
  item.kind = IniItem::Kind::entry;
  item.line = item_line_;
  if (!take_key(item)) return fail("a quoted name is empty or not closed");
  skip_blanks();
  if (rest_.empty() || rest_.front() != '=') {
    return fail("\"name = value\" is expected; names other than letters, digits and _.-* need 'single quotes'");
  }
  take(1);
  skip_blanks();
  item.value = trim_right(take_line());
  return item;
}

bool IniLexer::take_key(IniItem& item) {
  if (rest_.front() != '\'') {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_key_character);
    item.name = take(static_cast<std::size_t>(end - rest_.begin()));
    return true;
  }
  const std::size_t end = rest_.find('\'', 1);
  if (end == std::string_view::npos || end == 1) return false;
  item.name = take(end + 1).substr(1, end - 1);
  return true;
}

IniItem IniLexer::fail(const char* reason) {
  rest_ = {};
  return {IniItem::Kind::error, {}, {}, item_line_, reason};
}

}  // namespace uvb
