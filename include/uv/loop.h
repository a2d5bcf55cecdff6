#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "uv/poll_set.h"

// libuv's own types, so that only src/uv/ includes <uv.h>.
struct uv_loop_s;

namespace uvb {

/// One thread's event loop: descriptors by a set of its own, all else (timers, signals, names) by libuv, which is let
/// run when it has something to do. Everything made on a loop is used and destroyed on its thread, before the loop.
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

  // --- for the others of this room ---
  [[nodiscard]] uv_loop_s* handle() noexcept { return loop_.get(); }
  [[nodiscard]] PollSet& polls() noexcept { return polls_; }
  /// See TurnHook.
  void add_hook(const std::function<void()>& hook) { hooks_.push_back(&hook); }
  void remove_hook(const std::function<void()>& hook) { std::erase(hooks_, &hook); }

 private:
  class Backend;
  void turn();
  void call_hooks();

  struct Closer {
    void operator()(uv_loop_s* loop) const noexcept;
  };
  std::unique_ptr<uv_loop_s, Closer> loop_;
  PollSet polls_;
  std::unique_ptr<Backend> backend_;
  std::vector<const std::function<void()>*> hooks_;
  bool stopped_ = false;
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
