#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"

namespace uvb {

/// Longest line without its line end, prefix included (admin-console.md 6.1): what a peer can make
/// us write per event is bounded.
inline constexpr std::size_t kLongestLogLine = 2047;

/// FATAL, ERROR, WARNING, LOG, DEBUG or NOISE.
[[nodiscard]] std::string_view log_level_word(LogLevel level) noexcept;

/// `YYYY-MM-DD HH:MM:SS.mmm TZ [PID] LEVEL message` and a line end, in local time, milliseconds cut off
/// (admin-console.md 6.1). A message of several lines is continued behind tabs. Any thread.
[[nodiscard]] std::string format_log_line(WallTime when, long pid, LogLevel level, std::string_view message);

}  // namespace uvb
