#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"

namespace uvb {

/// A log that remembers, for tests. Any thread.
class MemoryLog final : public Log {
 public:
  using Line = std::pair<LogLevel, std::string>;

  /// Remembers DEBUG from `verbose` 1 and NOISE from 2.
  explicit MemoryLog(int verbose = 2) : verbose_(verbose) {}

  void write(LogLevel level, std::string_view message) override {
    if (!enabled(level)) return;
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(level, message);
  }

  [[nodiscard]] bool enabled(LogLevel level) const override {
    if (level == LogLevel::debug) return verbose_ >= 1;
    if (level == LogLevel::noise) return verbose_ >= 2;
    return true;
  }

  /// A copy of everything written so far.
  [[nodiscard]] std::vector<Line> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  /// How many lines of `level` contain `text`.
  [[nodiscard]] std::size_t count(LogLevel level, std::string_view text) const {
    const std::lock_guard lock(mutex_);
    const auto matches = [&](const Line& line) {
      return line.first == level && line.second.find(text) != line.second.npos;
    };
    return static_cast<std::size_t>(std::ranges::count_if(lines_, matches));
  }

  [[nodiscard]] bool contains(LogLevel level, std::string_view text) const { return count(level, text) > 0; }

  void clear() {
    const std::lock_guard lock(mutex_);
    lines_.clear();
  }

 private:
  const int verbose_;
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
};

}  // namespace uvb
