#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "config/settings.h"

namespace uvb {

/// Where an option lives in its struct; the alternative held is the option's type (settings.md 1.5).
template <class Struct>
using OptionMember =
    std::variant<int Struct::*, bool Struct::*, std::uint32_t Struct::*, Micros Struct::*, std::string Struct::*,
                 std::optional<std::string> Struct::*, AuthType Struct::*, PoolMode Struct::*, SslMode Struct::*,
                 CleartextServerAuth Struct::*, LogFormat Struct::*, TlsNegotiation Struct::*>;

/// The whole numbers that can be meant; both ends are.
struct NumberLimits {
  int least;
  int most;
};

/// Everything there is to know of one option. Loading, SET, SHOW CONFIG, the manual and the sample file read it.
template <class Struct>
struct BasicOption {
  std::string_view name;
  OptionMember<Struct> member;
  /// SHOW CONFIG's `default` column; nullopt is NULL.
  std::optional<std::string_view> default_text;
  /// SHOW CONFIG's `changeable`: RELOAD and SET take effect; otherwise only a restart does.
  bool reloadable;
  /// The first PgBouncer release that has it; "HEAD" for unreleased ones, empty for ours.
  std::string_view since;
  /// Accepted and shown, but nothing in this version acts on it.
  bool inert;
  /// One sentence for the manual.
  std::string_view manual;
  /// For free text of which only certain forms can work; may be null. Tells a value from a comment behind it. Refuses a
  /// value only in [uvbouncer]; PgBouncer's settings leave that to whoever uses the text.
  bool (*plausible)(std::string_view value) = nullptr;
  /// For whole numbers of which only some can work; all others are refused.
  std::optional<NumberLimits> limits = std::nullopt;
};

using Option = BasicOption<Settings>;
using UvbouncerOption = BasicOption<UvbouncerSettings>;

/// All `[pgbouncer]` options in the row order of SHOW CONFIG (admin-console.md 2.12): 100 rows.
[[nodiscard]] std::span<const Option> options();
/// All `[uvbouncer]` options, alphabetically.
[[nodiscard]] std::span<const UvbouncerOption> uvbouncer_options();

/// The row of that name (exact, case-sensitive), or null.
[[nodiscard]] const Option* find_option(std::string_view name);
[[nodiscard]] const UvbouncerOption* find_uvbouncer_option(std::string_view name);

/// Parses `value` as settings.md 1.5 says and stores it. The error is a clause saying what is accepted, to follow a
/// colon; `settings` is unchanged then. Ignores `reloadable`: callers decide.
Status set_option(Settings& settings, const Option& option, std::string_view value);
Status set_option(UvbouncerSettings& settings, const UvbouncerOption& option, std::string_view value);
/// By name, with errors that are whole sentences: `unknown parameter: pgbouncer/<name>` (resp. `uvbouncer/<name>`),
/// `invalid value "<value>" for parameter <name>: <what is accepted>`.
Status set_option(Settings& settings, std::string_view name, std::string_view value);
Status set_option(UvbouncerSettings& settings, std::string_view name, std::string_view value);

/// SHOW CONFIG's `value` column: integers in decimal, times in seconds with six significant digits, enums by their
/// canonical word; nullopt is NULL.
[[nodiscard]] std::optional<std::string> show_option(const Settings& settings, const Option& option);
[[nodiscard]] std::optional<std::string> show_option(const UvbouncerSettings& settings, const UvbouncerOption& option);

/// Copies the one member from `from` to `to`.
void copy_option(Settings& to, const Settings& from, const Option& option);
void copy_option(UvbouncerSettings& to, const UvbouncerSettings& from, const UvbouncerOption& option);

/// Canonical words, as SHOW prints them.
[[nodiscard]] std::string_view word(AuthType value);
[[nodiscard]] std::string_view word(PoolMode value);
[[nodiscard]] std::string_view word(SslMode value);
[[nodiscard]] std::string_view word(CleartextServerAuth value);
[[nodiscard]] std::string_view word(LogFormat value);
[[nodiscard]] std::string_view word(TlsNegotiation value);
/// The pool mode of that word in any case, or nullopt.
[[nodiscard]] std::optional<PoolMode> pool_mode_of(std::string_view text);

}  // namespace uvb
