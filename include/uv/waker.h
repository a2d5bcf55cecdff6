#pragma once

#include <functional>

#include "uv/loop.h"

struct uv_async_s;

namespace uvb {

/// Wakes a loop from any thread; wake-ups coalesce. The callback runs on the loop's thread.
class Waker {
 public:
  Waker(Loop& loop, std::function<void()> callback);
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Any thread, as long as the waker lives.
  void wake() noexcept;

 private:
  std::function<void()> callback_;
  uv_async_s* handle_;
};

}  // namespace uvb
