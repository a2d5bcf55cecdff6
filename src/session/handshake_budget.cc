#include "session/handshake_budget.h"

namespace uvb {

namespace {

// Larger keys, or a client that asks for the dearest of all groups: both last.
constexpr std::chrono::minutes kBarred{1};

}  // namespace

void HandshakeBudget::spend(Micros cpu, TimePoint now) noexcept {
  left_ -= cpu;
  if (cpu <= kPerTurn) return;
  barred_until_ = now + kBarred;
  open_ = false;
}

void HandshakeBudget::tick(bool clients_speak, TimePoint now) noexcept {
  open_ = !clients_speak && now >= barred_until_;
}

}  // namespace uvb
