#include "uv/timer.h"

#include <uv.h>

namespace uvb {

namespace {

void on_timer(uv_timer_t* handle) {
  auto* callback = static_cast<std::function<void()>*>(handle->data);
  if (callback != nullptr) (*callback)();
}

void on_closed(uv_handle_t* handle) { delete reinterpret_cast<uv_timer_t*>(handle); }

std::uint64_t ticks(std::chrono::milliseconds time) { return static_cast<std::uint64_t>(time.count()); }

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> callback) : callback_(std::move(callback)), handle_(new uv_timer_t) {
  uv_timer_init(loop.handle(), handle_);
  handle_->data = &callback_;
}

Timer::~Timer() {
  handle_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), on_closed);
}

void Timer::start_once(std::chrono::milliseconds delay) { start(ticks(delay), 0); }

void Timer::start_every(std::chrono::milliseconds period) { start(ticks(period), ticks(period)); }

/// libuv counts from the time it read last, which was before the loop slept.
void Timer::start(std::uint64_t delay, std::uint64_t period) {
  uv_update_time(handle_->loop);
  uv_timer_start(handle_, on_timer, delay, period);
}

void Timer::stop() { uv_timer_stop(handle_); }

}  // namespace uvb
