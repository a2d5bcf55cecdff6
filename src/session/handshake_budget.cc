#include "session/handshake_budget.h"

namespace uvb {

namespace {

// Larger keys take longer, and so do clients that ask for the dearest of all groups: both will again. A single such
// step says nothing, since a virtual machine counts as used what its host took away.
constexpr Micros kTooLong{2000};
constexpr int kTooOften = 2;
constexpr std::chrono::seconds kBarred{5};

}  // namespace

void HandshakeBudget::spend(Micros cpu, TimePoint now) noexcept {
  left_ -= cpu;
  long_in_a_row_ = cpu > kTooLong ? long_in_a_row_ + 1 : 0;
  if (long_in_a_row_ < kTooOften) return;
  barred_until_ = now + kBarred;
  open_ = false;
}

void HandshakeBudget::tick(bool clients_speak, TimePoint now) noexcept {
  open_ = !clients_speak && now >= barred_until_;
}

}  // namespace uvb
