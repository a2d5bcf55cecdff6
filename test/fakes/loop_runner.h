#pragma once

#include <chrono>
#include <functional>

#include "uv/loop.h"
#include "uv/timer.h"

namespace uvb {

/// Runs `loop` until `over`, at most five seconds. Tells whether it came to that.
inline bool run_until(Loop& loop, const std::function<bool()>& over) {
  using namespace std::chrono_literals;
  const auto limit = std::chrono::steady_clock::now() + 5s;
  Timer look(loop, [&] {
    if (over() || std::chrono::steady_clock::now() > limit) loop.stop();
  });
  look.start_every(1ms);
  loop.run();
  return over();
}

}  // namespace uvb
