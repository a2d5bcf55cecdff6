#pragma once

#include <time.h>

#include <chrono>

namespace uvb {

using Micros = std::chrono::microseconds;
/// A moment on the monotonic clock. The default value means "never".
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Micros>;
/// A moment on the wall clock, only for showing and logging.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Micros>;

/// Where time comes from; a test hands in one that it turns itself.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override {
    return std::chrono::time_point_cast<Micros>(std::chrono::steady_clock::now());
  }
};

inline WallTime wall_now() { return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now()); }

/// CPU time the calling thread has used so far.
inline Micros thread_cpu_time() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::duration_cast<Micros>(std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec));
}

}  // namespace uvb
