#pragma once

#include <functional>

#include "uv/loop.h"

namespace uvb {

/// Calls back in each turn of a loop, when the events at hand were served and before it goes on with bulk traffic or
/// sleeps.
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
