#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace uvb {

/// One thing found in an ini file. Views point into the lexer's text.
struct IniItem {
  enum class Kind : std::uint8_t {
    end,
    section,  ///< `name`
    entry,    ///< `name` = `value`
    include,  ///< file `name`
    error,    ///< syntax error, `reason`; nothing follows
  };
  Kind kind = Kind::end;
  std::string_view name;
  std::string_view value;
  int line = 0;  ///< where it starts, from 1
  const char* reason = nullptr;
};

/// The grammar of settings.md 1.2: cuts a file into items. The text must outlive it.
class IniLexer {
 public:
  /// An embedded NUL ends the text, as in PgBouncer.
  explicit IniLexer(std::string_view text) : rest_(text.substr(0, text.find('\0'))) {}

  IniItem next();

 private:
  void skip_space();
  void skip_blanks();
  std::string_view take(std::size_t length);
  std::string_view take_line();
  IniItem section();
  IniItem entry();
  bool take_key(IniItem& item);
  IniItem fail(const char* reason);

  std::string_view rest_;
  int line_ = 1;
  int item_line_ = 1;
};

}  // namespace uvb
