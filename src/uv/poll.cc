#include "uv/poll.h"

#include <uv.h>

#include <stdexcept>

namespace uvb {

namespace {

void on_closed(uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); }

int mask(Readiness interest) {
  return (interest.readable ? UV_READABLE : 0) | (interest.writable ? UV_WRITABLE : 0) |
         (interest.hangup ? UV_DISCONNECT : 0);
}

}  // namespace

Poll::Poll(Loop& loop, int descriptor, PollListener& listener) : handle_(new uv_poll_t), listener_(listener) {
  if (uv_poll_init(loop.handle(), handle_, descriptor) != 0) {
    delete handle_;
    throw std::runtime_error("cannot watch a descriptor");
  }
  handle_->data = this;
}

Poll::~Poll() {
  handle_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), on_closed);
}

/// libuv stops watching a descriptor that is broken. There may be bytes in front of the breakage, and reading only some
/// of them must not be the last that is heard of it.
void Poll::on_event(uv_poll_s* handle, int status, int events) noexcept {
  auto* poll = static_cast<Poll*>(handle->data);
  if (poll == nullptr) return;
  const Readiness ready{(events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0, (events & UV_DISCONNECT) != 0};
  const Readiness interest = poll->interest_;
  if (status < 0) poll->interest_ = {};
  poll->listener_.on_ready(ready, status < 0);
  const bool alive = handle->data != nullptr;
  if (status < 0 && alive && poll->interest_ == Readiness{}) poll->watch(interest);
}

void Poll::watch(Readiness interest) noexcept {
  if (interest == interest_) return;
  interest_ = interest;
  if (interest == Readiness{}) {
    uv_poll_stop(handle_);
  } else {
    uv_poll_start(handle_, mask(interest), on_event);
  }
}

}  // namespace uvb
