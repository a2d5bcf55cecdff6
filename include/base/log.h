#pragma once

#include <string_view>

namespace uvb {

/// settings reference 6.2 (admin-console.md). debug needs verbose>=1, noise verbose>=2.
enum class LogLevel { fatal, error, warning, log, debug, noise };

/// Where log lines go. Any thread may write; a line is written whole.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view message) = 0;
  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;

  void error(std::string_view message) { write(LogLevel::error, message); }
  void warning(std::string_view message) { write(LogLevel::warning, message); }
  void log(std::string_view message) { write(LogLevel::log, message); }
  void debug(std::string_view message) {
    if (enabled(LogLevel::debug)) write(LogLevel::debug, message);
  }
};

}  // namespace uvb
