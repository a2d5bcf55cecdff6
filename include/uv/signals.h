#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "uv/loop.h"

struct uv_signal_s;

namespace uvb {

/// Delivers Unix signals on a loop.
class Signals {
 public:
  Signals(Loop& loop, const std::vector<int>& numbers, std::function<void(int)> callback);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  std::function<void(int)> callback_;
  std::vector<uv_signal_s*> handles_;
};

}  // namespace uvb
