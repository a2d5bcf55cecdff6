#include "base/log_format.h"

#include <fmt/format.h>

#include <ctime>

namespace uvb {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string timestamp(WallTime when) {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch()).count();
  // floor() twice so that moments before 1970 count forward, too.
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
  const auto clock = static_cast<std::time_t>(seconds);
  std::tm local{};
  localtime_r(&clock, &local);
  char date[32];
  char zone[32];
  const std::size_t date_size = std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
  const std::size_t zone_size = std::strftime(zone, sizeof zone, "%Z", &local);
  return fmt::format("{}.{:03} {}", std::string_view(date, date_size), millis - seconds * 1000,
                     std::string_view(zone, zone_size));
}

std::string continued(std::string_view message) {
  std::string text;
  const std::size_t end = message.find_last_not_of(kBlanks);
  for (const char c : message.substr(0, end == message.npos ? 0 : end + 1)) {
    text += c;
    if (c == '\n') text += '\t';
  }
  return text;
}

}  // namespace

std::string_view log_level_word(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::fatal: return "FATAL";
    case LogLevel::error: return "ERROR";
    case LogLevel::warning: return "WARNING";
    case LogLevel::log: return "LOG";
    case LogLevel::debug: return "DEBUG";
    case LogLevel::noise: return "NOISE";
  }
  return "LOG";
}

std::string log_text(std::string_view message) {
  std::string text = message.find('\n') == message.npos ? std::string(message) : continued(message);
  if (text.size() > kLongestLogLine) text.resize(kLongestLogLine);
  return text;
}

std::string format_log_line(WallTime when, long pid, LogLevel level, std::string_view message) {
  std::string line = fmt::format("{} [{}] {} {}", timestamp(when), pid, log_level_word(level), log_text(message));
  if (line.size() > kLongestLogLine) line.resize(kLongestLogLine);
  line += '\n';
  return line;
}

}  // namespace uvb
