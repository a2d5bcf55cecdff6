#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "admin/console_reply.h"

namespace uvb {

/// A parameter that SHOW answers and SET ignores for everybody (admin-console.md 2.3), names in any case.
struct FakeParameter {
  ConsoleColumn column;    ///< its name
  std::string_view value;  ///< empty: SET only, there is nothing to show
};
[[nodiscard]] std::span<const FakeParameter> fake_parameters();
[[nodiscard]] const FakeParameter* find_fake_parameter(std::string_view name);

/// A statement that drivers send on their own account and that would end their session if refused. It does nothing.
struct Courtesy {
  std::string_view words;  ///< how it begins, lower case, one blank between words
  bool tail;               ///< more words may follow, of the same statement
  std::string_view tag;
  std::string_view who;  ///< who sends it, and when
  std::span<const ConsoleColumn> columns = {};
  std::string_view value = {};  ///< of the one row, with columns
};
[[nodiscard]] std::span<const Courtesy> courtesies();
/// The row that `text` is a form of, or its last statement where it is nothing but courtesies; null otherwise.
[[nodiscard]] const Courtesy* find_courtesy(std::string_view text);

[[nodiscard]] ConsoleReply courtesy_reply(const Courtesy& courtesy);
/// SHOW <fake>, which must have a value.
[[nodiscard]] ConsoleReply show_fake_parameter(const FakeParameter& parameter);

}  // namespace uvb
