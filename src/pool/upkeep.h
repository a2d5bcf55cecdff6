#pragma once

#include "turn.h"

namespace uvb {

/// Periodic work for every pool: servers that are too old, too long idle, to be checked before their next use, or too
/// many; waiters; min_pool_size (behaviour.md 3.4, 3.5, 4.5).
void keep_up(Turn& turn);

/// Takes away the pools that nobody has used for their pool_idle_timeout.
std::vector<Ledger::DroppedPool> drop_unused(Registry& books, TimePoint now);

}  // namespace uvb
