#include "session/auth_kinds.h"

namespace uvb {

ServerAuthKind AuthKinds::of(const std::string& user) const {
  return state_.with([&](const State& state) {
    const auto own = state.by_user.find(user);
    return own == state.by_user.end() ? state.last : own->second;
  });
}

void AuthKinds::learn(const std::string& user, ServerAuthKind kind) {
  state_.with([&](State& state) { state.by_user[user] = state.last = kind; });
}

void AuthKinds::forget() {
  state_.with([](State& state) {
    state.by_user.clear();
    state.last = ServerAuthKind::unknown;
  });
}

AuthKinds::Turn AuthKinds::turn(TimePoint now) {
  return state_.with([&](State& state) {
    if (state.asking) return now - state.asked_at < kPatience ? Turn::wait : Turn::go_on;
    if (state.over_at != TimePoint{} && now - state.over_at < kPause) return Turn::go_on;
    state.asking = true;
    state.asked_at = now;
    return Turn::ask;
  });
}

void AuthKinds::answered(TimePoint now) {
  state_.with([&](State& state) {
    state.asking = false;
    state.over_at = now;
  });
}

}  // namespace uvb
