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

void Timer::start_once(std::chrono::milliseconds delay) { uv_timer_start(handle_, on_timer, ticks(delay), 0); }

void Timer::start_every(std::chrono::milliseconds period) {
  uv_timer_start(handle_, on_timer, ticks(period), ticks(period));
}

void Timer::stop() { uv_timer_stop(handle_); }

}  // namespace uvb
