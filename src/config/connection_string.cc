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

  Result<std::vector<ConnectionPair>> parse() {
    std::vector<ConnectionPair> pairs;
    skip_blanks();
    while (!rest_.empty()) {
      const std::string key = take_until("= ");
      skip_blanks();
      if (key.empty()) return Error{"a key is missing in front of '='"};
      if (rest_.empty() || rest_.front() != '=') return Error{fmt::format("no '=' behind \"{}\"", key)};
      rest_.remove_prefix(1);
      skip_blanks();
      std::optional<std::string> value = take_value();
      if (!value) return Error{fmt::format("no closing quote in the value of \"{}\"", key)};
      if (value->empty()) return Error{fmt::format("the value of \"{}\" is empty", key)};
      pairs.emplace_back(key, std::move(*value));
      skip_blanks();
    }
    return pairs;
  }

 private:
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
};

}  // namespace

Result<std::vector<ConnectionPair>> parse_connection_string(std::string_view text) { return Parser(text).parse(); }

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
