#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "uv/loop.h"

struct uv_timer_s;

namespace uvb {

/// Calls back after a while, once or again and again. Move nothing: the callback may hold `this` of its owner.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start_once(std::chrono::milliseconds delay);
  void start_every(std::chrono::milliseconds period);
  void stop();

 private:
  void start(std::uint64_t delay, std::uint64_t period);

  std::function<void()> callback_;
  uv_timer_s* handle_;
};

}  // namespace uvb
