#pragma once

#include <functional>

#include "uv/loop.h"

namespace uvb {

/// Calls back once per turn of a loop, when all events at hand were served and before the loop sleeps.
class TurnHook {
 public:
  TurnHook(Loop& loop, std::function<void()> callback);
  ~TurnHook();
  TurnHook(const TurnHook&) = delete;
  TurnHook& operator=(const TurnHook&) = delete;

 private:
  Loop& loop_;
  std::function<void()> callback_;
};

}  // namespace uvb
