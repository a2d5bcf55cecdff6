#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace uvb {

inline constexpr std::string_view kBegin = ".\\\" begin of printed settings\n";
inline constexpr std::string_view kEnd = ".\\\" end of printed settings\n";

/// Empty when the file cannot be read.
inline std::string contents(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

/// `manual` with `settings` between its two markers; empty when it has none.
inline std::string with_settings(const std::string& manual, const std::string& settings) {
  const std::size_t begin = manual.find(kBegin);
  const std::size_t end = manual.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return manual.substr(0, begin + kBegin.size()) + settings + manual.substr(end);
}

}  // namespace uvb
