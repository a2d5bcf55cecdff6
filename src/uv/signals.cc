#include "uv/signals.h"

#include <uv.h>

namespace uvb {

namespace {

void on_signal(uv_signal_t* handle, int number) {
  auto* callback = static_cast<std::function<void(int)>*>(handle->data);
  if (callback != nullptr) (*callback)(number);
}

void on_closed(uv_handle_t* handle) { delete reinterpret_cast<uv_signal_t*>(handle); }

}  // namespace

Signals::Signals(Loop& loop, const std::vector<int>& numbers, std::function<void(int)> callback)
    : callback_(std::move(callback)) {
  for (const int number : numbers) {
    auto* handle = new uv_signal_t;
    uv_signal_init(loop.handle(), handle);
    handle->data = &callback_;
    uv_signal_start(handle, on_signal, number);
    handles_.push_back(handle);
  }
}

Signals::~Signals() {
  for (uv_signal_s* handle : handles_) {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle), on_closed);
  }
}

}  // namespace uvb
