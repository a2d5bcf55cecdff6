#include "uv/turn_hook.h"

#include <utility>

namespace uvb {

TurnHook::TurnHook(Loop& loop, std::function<void()> callback) : loop_(loop), callback_(std::move(callback)) {
  loop_.add_hook(callback_);
}

TurnHook::~TurnHook() { loop_.remove_hook(callback_); }

}  // namespace uvb
