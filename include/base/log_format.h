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

/// The message alone, as syslog gets it: of several lines, all but the first are continued behind tabs, so that no name
/// a client chose looks like a line of ours. At most kLongestLogLine.
[[nodiscard]] std::string log_text(std::string_view message);

/// `YYYY-MM-DD HH:MM:SS.mmm TZ [PID] LEVEL message` and a line end, in local time, milliseconds cut off
/// (admin-console.md 6.1), the message as log_text() has it. Any thread.
[[nodiscard]] std::string format_log_line(WallTime when, long pid, LogLevel level, std::string_view message);

}  // namespace uvb
