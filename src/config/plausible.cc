#include "config/plausible.h"

#include <algorithm>
#include <array>

#include "config/text.h"

namespace uvb {
namespace {

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view word) { return equal_ignoring_case(text, word); });
}

bool plausible_tls_version(std::string_view item) {
  constexpr std::array<std::string_view, 8> kWords = {"tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3",
                                                      "tlsv1",   "all",     "secure",  "default"};
  item = trim_left(item);
  if (!item.empty() && item.front() == '!') item.remove_prefix(1);
  return one_of(item, kWords);
}

// A ';' separates ciphers for OpenSSL, but nobody puts a blank in front of one: that is a comment.
bool starts_comment(std::string_view text, std::size_t at) {
  return (text[at] == '#' || text[at] == ';') && (at == 0 || is_blank(text[at - 1]));
}

}  // namespace

bool plausible_word(std::string_view text) { return std::none_of(text.begin(), text.end(), is_space); }

bool plausible_tls_protocols(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(",:");
    if (!plausible_tls_version(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
  return true;
}

bool plausible_tls_ciphers(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '#' || starts_comment(text, at)) return false;
  }
  return true;
}

bool plausible_tls_dheparams(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords = {"", "auto", "none"};
  return one_of(text, kWords);
}

bool plausible_syslog_facility(std::string_view text) {
  constexpr std::array<std::string_view, 12> kWords = {"auth",   "authpriv", "daemon", "user",   "local0", "local1",
                                                       "local2", "local3",   "local4", "local5", "local6", "local7"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

bool plausible_compat_version(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords = {"1.18", "1.19", "1.20", "1.21", "1.22",
                                                      "1.23", "1.24", "1.25", "head"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

}  // namespace uvb
