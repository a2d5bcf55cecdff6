#include "uv/waker.h"

#include <uv.h>

#include <stdexcept>

namespace uvb {

namespace {

void on_wake(uv_async_t* handle) {
  auto* callback = static_cast<std::function<void()>*>(handle->data);
  if (callback != nullptr) (*callback)();
}

void on_closed(uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); }

}  // namespace

Waker::Waker(Loop& loop, std::function<void()> callback) : callback_(std::move(callback)), handle_(new uv_async_t) {
  if (uv_async_init(loop.handle(), handle_, on_wake) != 0) {
    delete handle_;
    throw std::runtime_error("cannot create a wake-up handle");
  }
  handle_->data = &callback_;
}

Waker::~Waker() {
  handle_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), on_closed);
}

void Waker::wake() noexcept { uv_async_send(handle_); }

}  // namespace uvb
