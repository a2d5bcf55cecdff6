#include "config/printed_reference.h"

#include <fmt/format.h>

#include "config/option_table.h"
#include "config/option_value.h"

namespace uvb {
namespace {

constexpr std::size_t kLineWidth = 100;

/// What a value may be, by type.
template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, bool>) {
    return "0 or 1";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return "whole number";
  } else if constexpr (std::is_same_v<T, Micros>) {
    return "seconds";
  } else if constexpr (std::is_enum_v<T>) {
    return fmt::format("{}", fmt::join(words_of<T>(), ", "));
  } else {
    return "text";
  }
}

template <class Struct>
std::string type_of(const BasicOption<Struct>& option) {
  return std::visit([](auto member) { return type_name<std::decay_t<decltype(std::declval<Struct&>().*member)>>(); },
                    option.member);
}

template <class Row>
std::string values_of(const Row& option) {
  if (!option.limits) return type_of(option);
  return fmt::format("{} from {} to {}", type_of(option), option.limits->least, option.limits->most);
}

/// What stands in the file to get the default.
template <class Row>
std::string assignment(const Row& option) {
  const std::string_view value = option.default_text.value_or("");
  return value.empty() ? fmt::format("{} =", option.name) : fmt::format("{} = {}", option.name, value);
}

template <class Row>
std::string default_of(const Row& option) {
  if (!option.default_text) return "unset";
  return option.default_text->empty() ? "empty" : std::string(*option.default_text);
}

/// Type, age and limits of an option in a few words.
template <class Row>
std::string facts(const Row& option) {
  std::string text = fmt::format("Value: {}. Default: {}.", values_of(option), default_of(option));
  if (option.since == "HEAD") {
    text += " Not in a PgBouncer release yet.";
  } else if (!option.since.empty()) {
    text += fmt::format(" Since PgBouncer {}.", option.since);
  }
  if (!option.reloadable) text += " Changes only with a restart.";
  if (option.inert) text += " Has no effect yet in this version.";
  return text;
}

/// Breaks at blanks so that lines, each beginning with `prefix`, stay within kLineWidth.
std::string wrap(std::string_view text, std::string_view prefix) {
  std::string wrapped;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (prefix.size() + end > kLineWidth) end = text.rfind(' ', kLineWidth - prefix.size());
    if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
    wrapped += fmt::format("{}{}\n", prefix, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped;
}

/// Text as roff wants it: no backslash, hyphen or leading dot or quote with a meaning of its own.
std::string roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if ((c == '.' || c == '\'') && escaped.empty()) {
      escaped += std::string("\\&") + c;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

template <class Row>
std::string manual_entry(const Row& option) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n{}\n", roff(option.name), roff(option.manual), roff(facts(option)));
}

template <class Row>
std::string sample_entry(const Row& option) {
  return fmt::format("\n{}{};{}\n", wrap(option.manual, ";; "), wrap(facts(option), ";; "), assignment(option));
}

template <class Row>
std::string plain_entry(const Row& option) {
  return fmt::format("{}\n{}{}\n", assignment(option), wrap(option.manual, "    "), wrap(facts(option), "    "));
}

template <class Rows, class Print>
std::string print_all(const Rows& rows, Print print) {
  std::string text;
  for (const auto& row : rows) text += print(row);
  return text;
}

constexpr std::string_view kSampleHead =
    R"(;; Every setting of uvbouncer, commented out, with its default. A pgbouncer.ini works unchanged.
;; A line that starts with ; or # is a comment.

;; One line per database that clients may ask for; * stands for all others.
;; Keys: dbname, host, port, user, password, auth_user, auth_query, auth_dbname, pool_size, min_pool_size,
;; reserve_pool_size, max_db_connections, max_db_client_connections, server_lifetime, query_wait_timeout,
;; pool_mode, load_balance_hosts, connect_query, client_encoding, datestyle, timezone, application_name.
[databases]

;app = host=127.0.0.1 port=5432 dbname=app
;* = host=db.example.com

;; One line per user with settings of its own.
;; Keys: pool_mode, pool_size, reserve_pool_size, max_user_connections, max_user_client_connections,
;; query_timeout, idle_transaction_timeout, transaction_timeout, client_idle_timeout, query_wait_timeout.
[users]

;reporting = pool_mode=session max_user_connections=5

;; One line per process that may be asked to pass on a cancel request.
;; Keys: host, port, pool_size.
[peers]

;1 = host=/tmp/uvbouncer1

[pgbouncer]
)";

constexpr std::string_view kSampleOurs = R"(
;; What PgBouncer does not have. PgBouncer refuses a file with this section.
[uvbouncer]
)";

}  // namespace

std::string print_manual_settings() {
  const auto entry = [](const auto& row) { return manual_entry(row); };
  return ".SH SETTINGS OF [pgbouncer]\n" + print_all(options(), entry) + ".SH SETTINGS OF [uvbouncer]\n" +
         print_all(uvbouncer_options(), entry);
}

std::string print_sample_ini() {
  const auto entry = [](const auto& row) { return sample_entry(row); };
  return std::string(kSampleHead) + print_all(options(), entry) + std::string(kSampleOurs) +
         print_all(uvbouncer_options(), entry);
}

std::string print_settings() {
  const auto entry = [](const auto& row) { return plain_entry(row); };
  return "[pgbouncer]\n\n" + print_all(options(), entry) + "[uvbouncer]\n\n" + print_all(uvbouncer_options(), entry);
}

}  // namespace uvb
