#include "config/connection_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace uvb {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  /// The next pair, not at_end().
  Result<ConnectionPair> take_pair() {
    const std::string key = take_until("= ");
    skip_blanks();
    if (key.empty()) return Error{"a key is missing in front of '='"};
    if (rest_.empty() || rest_.front() != '=') return no_equals_sign(key);
    rest_.remove_prefix(1);
    skip_blanks();
    std::optional<std::string> value = take_value();
    if (!value) return Error{fmt::format("no closing quote in the value of \"{}\"", key)};
    if (value->empty()) return Error{fmt::format("the value of \"{}\" is empty", key)};
    key_before_ = key;
    return ConnectionPair(key, std::move(*value));
  }

 private:
  /// What follows a value may be the rest of it, and it a password: better not to print it.
  [[nodiscard]] Error no_equals_sign(std::string_view key) const {
    if (key_before_.empty()) return {fmt::format("no '=' behind \"{}\"", key)};
    return {fmt::format("what follows the value of \"{}\" has no '='; a value with blanks needs quotes", key_before_)};
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

  std::string take_until(std::string_view ends) {
    const std::size_t length = std::min(rest_.find_first_of(ends), rest_.size());
    std::string taken(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return taken;
  }

  std::optional<std::string> take_value() {
    if (rest_.empty() || rest_.front() != '\'') return take_until(" ");
    rest_.remove_prefix(1);
    std::string value;
    for (;;) {
      value += take_until("'");
      if (rest_.empty()) return std::nullopt;
      rest_.remove_prefix(1);
      if (rest_.empty() || rest_.front() != '\'') break;
      value += '\'';
      rest_.remove_prefix(1);
    }
    // PgBouncer skips one byte here without looking at it, so files that separate with a comma or a tab work.
    if (!rest_.empty()) rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  std::string key_before_;
};

}  // namespace

Result<std::vector<ConnectionPair>> parse_connection_string(std::string_view text) {
  Parser parser(text);
  std::vector<ConnectionPair> pairs;
  while (!parser.at_end()) {
    Result<ConnectionPair> pair = parser.take_pair();
    if (!pair) return pair.error();
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

std::string masked_connection_string(std::string_view text) {
  constexpr std::string_view kMask = "***";
  Parser parser(text);
  std::string shown;
  while (!parser.at_end()) {
    if (!shown.empty()) shown += ' ';
    const Result<ConnectionPair> pair = parser.take_pair();
    if (!pair) return shown.append(kMask);
    shown.append(pair->first).append("=").append(kMask);
  }
  return shown;
}

int lenient_int(std::string_view text) {
  const std::string copy(text);
  const long value = std::strtol(copy.c_str(), nullptr, 10);
  return static_cast<int>(std::clamp<long>(value, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

std::optional<Micros> whole_seconds(std::string_view text) {
  const int seconds = lenient_int(text);
  return seconds < 0 ? std::nullopt : std::optional<Micros>(std::chrono::seconds(seconds));
}

}  // namespace uvb
