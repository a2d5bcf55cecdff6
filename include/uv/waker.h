#pragma once

#include <functional>

#include "base/unique_fd.h"
#include "uv/loop.h"
#include "uv/poll.h"

namespace uvb {

/// Wakes a loop from any thread; wake-ups coalesce. The callback runs on the loop's thread.
class Waker final : public PollListener {
 public:
  Waker(Loop& loop, std::function<void()> callback);
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Any thread, as long as the waker lives.
  void wake() noexcept;

  void on_ready(Readiness ready, bool error) noexcept override;

 private:
  std::function<void()> callback_;
  UniqueFd descriptor_;
  Poll poll_;
};

}  // namespace uvb
