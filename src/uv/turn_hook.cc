#include "uv/turn_hook.h"

#include <uv.h>

namespace uvb {

namespace {

void on_turn(uv_prepare_t* handle) {
  auto* callback = static_cast<std::function<void()>*>(handle->data);
  if (callback != nullptr) (*callback)();
}

void on_closed(uv_handle_t* handle) { delete reinterpret_cast<uv_prepare_t*>(handle); }

}  // namespace

TurnHook::TurnHook(Loop& loop, std::function<void()> callback)
    : callback_(std::move(callback)), handle_(new uv_prepare_t) {
  uv_prepare_init(loop.handle(), handle_);
  handle_->data = &callback_;
  uv_prepare_start(handle_, on_turn);
}

TurnHook::~TurnHook() {
  handle_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), on_closed);
}

}  // namespace uvb
