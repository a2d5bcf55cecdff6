#pragma once

#include <memory>

#include "base/clock.h"

// libuv's own types, so that only src/uv/ includes <uv.h>.
struct uv_loop_s;

namespace uvb {

/// One thread's event loop. Everything made on a loop is used and destroyed on its thread, before the loop.
class Loop {
 public:
  Loop();
  /// Runs the loop until every closed handle's memory is given back; all owners must be gone by then.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Serves events until stop().
  void run();
  /// Makes run() return after the current turn. Own thread only.
  void stop();

  /// The monotonic clock, read afresh.
  [[nodiscard]] static TimePoint now() {
    return std::chrono::time_point_cast<Micros>(std::chrono::steady_clock::now());
  }

  [[nodiscard]] uv_loop_s* handle() noexcept { return loop_.get(); }

 private:
  struct Closer {
    void operator()(uv_loop_s* loop) const noexcept;
  };
  std::unique_ptr<uv_loop_s, Closer> loop_;
};

/// The time of a turn: the clock is read once, when it is first asked for. Own thread only.
class TurnClock {
 public:
  [[nodiscard]] TimePoint now() {
    if (now_ == TimePoint{}) now_ = Loop::now();
    return now_;
  }
  /// The loop is about to sleep.
  void turn_over() noexcept { now_ = {}; }

 private:
  TimePoint now_;
};

}  // namespace uvb
