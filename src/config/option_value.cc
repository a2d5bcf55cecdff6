#include "config/option_value.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "config/option_table.h"
#include "config/text.h"

namespace uvb {
namespace {

constexpr std::string_view kAuthTypes[] = {"any", "trust", "plain", "md5",          "cert",
                                           "hba", "ldap",  "pam",   "scram-sha-256"};
constexpr std::string_view kPoolModes[] = {"session", "transaction", "statement"};
constexpr std::string_view kSslModes[] = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
constexpr std::string_view kCleartextServerAuths[] = {"ask", "fail"};
constexpr std::string_view kLogFormats[] = {"text", "json"};
constexpr std::string_view kTlsNegotiations[] = {"postgres", "direct"};

Error expect_integer() { return {"a whole number is expected: decimal, 0x for hexadecimal, 0 in front for octal"}; }

// strtol reads a shorter number or none rather than failing, so the end of what it read is what tells.
bool read_whole(const std::string& text, const char* end) {
  return end != text.c_str() && end == text.c_str() + text.size();
}

// from_chars knows neither white space in front, nor '+', nor '0x'; strtod does but depends on the locale.
std::optional<double> read_double(std::string_view text) {
  text = trim_left(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) return std::nullopt;
  auto format = std::chars_format::general;
  if (text.size() > 2 && text[0] == '0' && to_lower(text[1]) == 'x') {
    format = std::chars_format::hex;
    text.remove_prefix(2);
  }
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return negative ? -value : value;
}

/// Cut off, as PgBouncer does. But what is a whole number except for the last bits of binary was meant to be one:
/// 0.000249 stays 249.
Micros cut_to_micros(double seconds) {
  const double exact = seconds * 1e6;
  const double nearest = std::round(exact);
  constexpr double kLastBits = 4 * std::numeric_limits<double>::epsilon();
  const bool meant = std::abs(exact - nearest) <= exact * kLastBits;
  return Micros(std::llround(meant ? nearest : std::trunc(exact)));
}

std::string list_words(std::span<const std::string_view> words) {
  return fmt::format("one of {} is expected", fmt::join(words, ", "));
}

}  // namespace

Result<int> parse_int(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const long value = std::strtol(copy.c_str(), &end, 0);
  if (!read_whole(copy, end)) return expect_integer();
  return static_cast<int>(value);
}

Result<std::uint32_t> parse_unsigned(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const unsigned long value = std::strtoul(copy.c_str(), &end, 0);
  if (!read_whole(copy, end)) return expect_integer();
  return static_cast<std::uint32_t>(value);
}

Result<bool> parse_bool(std::string_view text) {
  const Result<int> value = parse_int(text);
  if (!value) return Error{"0 or 1 is expected"};
  return *value != 0;
}

Result<Micros> parse_seconds(std::string_view text) {
  const std::optional<double> seconds = read_double(text);
  // Written so that a NaN fails too.
  if (!seconds || !(*seconds >= 0 && *seconds <= kMaxSeconds)) {
    return Error{"a number of seconds is expected: 0 or more, fractions allowed, no unit"};
  }
  return cut_to_micros(*seconds);
}

Result<std::size_t> parse_word(std::string_view text, std::span<const std::string_view> words) {
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (equal_ignoring_case(text, words[index])) return index;
  }
  return Error{list_words(words)};
}

std::string show_seconds(Micros value) { return fmt::format("{:g}", static_cast<double>(value.count()) / 1e6); }

template <>
std::span<const std::string_view> words_of<AuthType>() {
  return kAuthTypes;
}
template <>
std::span<const std::string_view> words_of<PoolMode>() {
  return kPoolModes;
}
template <>
std::span<const std::string_view> words_of<SslMode>() {
  return kSslModes;
}
template <>
std::span<const std::string_view> words_of<CleartextServerAuth>() {
  return kCleartextServerAuths;
}
template <>
std::span<const std::string_view> words_of<LogFormat>() {
  return kLogFormats;
}
template <>
std::span<const std::string_view> words_of<TlsNegotiation>() {
  return kTlsNegotiations;
}

namespace {

template <class Enum>
std::string_view word_of(Enum value) {
  return words_of<Enum>()[static_cast<std::size_t>(value)];
}

template <class T>
Result<T> parse(std::string_view text) {
  if constexpr (std::is_same_v<T, int>) {
    return parse_int(text);
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    return parse_unsigned(text);
  } else if constexpr (std::is_same_v<T, bool>) {
    return parse_bool(text);
  } else if constexpr (std::is_same_v<T, Micros>) {
    return parse_seconds(text);
  } else if constexpr (std::is_enum_v<T>) {
    const Result<std::size_t> index = parse_word(text, words_of<T>());
    if (!index) return index.error();
    return static_cast<T>(*index);
  } else {
    return T(std::string(text));
  }
}

template <class T>
std::optional<std::string> show(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return std::string(value ? "1" : "0");
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_same_v<T, Micros>) {
    return show_seconds(value);
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(word_of(value));
  } else {
    return value;
  }
}

Status check_limits(const std::optional<NumberLimits>& limits, int value) {
  if (!limits || (value >= limits->least && value <= limits->most)) return Done{};
  return Error{fmt::format("a whole number from {} to {} is expected", limits->least, limits->most)};
}

template <class Struct>
Status store(Struct& settings, const BasicOption<Struct>& option, std::string_view value) {
  return std::visit(
      [&](auto member) -> Status {
        using Value = std::decay_t<decltype(settings.*member)>;
        auto parsed = parse<Value>(value);
        if (!parsed) return parsed.error();
        if constexpr (std::is_same_v<Value, int>) {
          if (const Status within = check_limits(option.limits, *parsed); !within) return within;
        }
        settings.*member = std::move(*parsed);
        return Done{};
      },
      option.member);
}

template <class Struct>
std::optional<std::string> show_member(const Struct& settings, const BasicOption<Struct>& option) {
  return std::visit([&](auto member) { return show(settings.*member); }, option.member);
}

template <class Struct>
Status store_by_name(Struct& settings, const BasicOption<Struct>* option, std::string_view section,
                     std::string_view name, std::string_view value) {
  if (option == nullptr) return Error{fmt::format("unknown parameter: {}/{}", section, name)};
  Status stored = set_option(settings, *option, value);
  if (stored) return stored;
  return Error{fmt::format("invalid value \"{}\" for parameter {}: {}", value, name, stored.error().message)};
}

}  // namespace

std::string_view word(AuthType value) { return word_of(value); }
std::string_view word(PoolMode value) { return word_of(value); }
std::string_view word(SslMode value) { return word_of(value); }
std::string_view word(CleartextServerAuth value) { return word_of(value); }
std::string_view word(LogFormat value) { return word_of(value); }
std::string_view word(TlsNegotiation value) { return word_of(value); }

std::optional<PoolMode> pool_mode_of(std::string_view text) {
  const Result<PoolMode> mode = parse<PoolMode>(text);
  return mode ? std::optional(*mode) : std::nullopt;
}

Status set_option(Settings& settings, const Option& option, std::string_view value) {
  return store(settings, option, value);
}

Status set_option(UvbouncerSettings& settings, const UvbouncerOption& option, std::string_view value) {
  if (option.plausible != nullptr && !option.plausible(value)) return Error{std::string(option.manual)};
  return store(settings, option, value);
}

Status set_option(Settings& settings, std::string_view name, std::string_view value) {
  return store_by_name(settings, find_option(name), "pgbouncer", name, value);
}

Status set_option(UvbouncerSettings& settings, std::string_view name, std::string_view value) {
  return store_by_name(settings, find_uvbouncer_option(name), "uvbouncer", name, value);
}

std::optional<std::string> show_option(const Settings& settings, const Option& option) {
  return show_member(settings, option);
}

std::optional<std::string> show_option(const UvbouncerSettings& settings, const UvbouncerOption& option) {
  return show_member(settings, option);
}

void copy_option(Settings& to, const Settings& from, const Option& option) {
  std::visit([&](auto member) { to.*member = from.*member; }, option.member);
}

void copy_option(UvbouncerSettings& to, const UvbouncerSettings& from, const UvbouncerOption& option) {
  std::visit([&](auto member) { to.*member = from.*member; }, option.member);
}

}  // namespace uvb
