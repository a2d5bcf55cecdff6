#include "config/user_list.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>

#include "config/ini_file.h"
#include "config/text.h"

namespace uvb {
namespace {

constexpr std::size_t kMaxUserName = 127;
constexpr std::size_t kMaxSecret = 65530;

/// Reads entries one after the other; stops for good at the first error.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text.substr(0, text.find('\0'))) {}

  UserList parse() {
    while (to_entry()) {
      const std::optional<std::string_view> name = take_quoted(kMaxUserName, "username too long in auth file");
      if (!name || !to_secret()) break;
      const std::optional<std::string_view> secret = take_quoted(kMaxSecret, "password too long in auth file");
      if (!secret) break;
      list_.secrets.insert_or_assign(undouble(*name), secret_of(*secret));
      skip_line();
    }
    return std::move(list_);
  }

 private:
  /// To the quote that opens an entry; false at the end or when something else is there.
  bool to_entry() {
    for (;;) {
      rest_ = trim_left(rest_);
      if (rest_.empty()) return false;
      if (rest_.front() == '"') return true;
      if (rest_.front() != ';') return fail("broken auth file");
      skip_line();
    }
  }

  /// Whatever stands between user and secret is skipped, ends of lines too.
  bool to_secret() {
    rest_.remove_prefix(std::min(rest_.find('"'), rest_.size()));
    return !rest_.empty() || fail("broken auth file");
  }

  void skip_line() { rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size())); }

  /// The raw text between the quotes, "" still doubled.
  std::optional<std::string_view> take_quoted(std::size_t limit, const char* too_long) {
    std::size_t end = rest_.find('"', 1);
    while (end != std::string_view::npos && end + 1 < rest_.size() && rest_[end + 1] == '"')
      end = rest_.find('"', end + 2);
    if (end == std::string_view::npos) return fail("broken auth file"), std::nullopt;
    if (end - 1 > limit) return fail(too_long), std::nullopt;
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  static std::string undouble(std::string_view raw) {
    std::string text;
    text.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size(); ++at) {
      text += raw[at];
      if (raw[at] == '"') ++at;
    }
    return text;
  }

  static std::shared_ptr<const Secret> secret_of(std::string_view raw) {
    std::string text = undouble(raw);
    auto secret = std::make_shared<const Secret>(text);
    explicit_bzero(text.data(), text.size());
    return secret;
  }

  bool fail(const char* reason) {
    list_.error = reason;
    return false;
  }

  std::string_view rest_;
  UserList list_;
};

}  // namespace

UserList parse_user_list(std::string_view text) { return Parser(text).parse(); }

Result<UserList> load_user_list(const std::string& file) {
  Result<std::string> text = read_file(file);
  if (!text) return Error{fmt::format("could not open auth_file {}: {}", file, text.error().message)};
  UserList list = parse_user_list(*text);
  explicit_bzero(text->data(), text->size());
  return list;
}

}  // namespace uvb
