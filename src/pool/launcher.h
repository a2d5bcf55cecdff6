#pragma once

#include "turn.h"

namespace uvb {

/// Opens a server connection when a waiter of `pool` needs one and every rule allows it (behaviour.md 3.4, 3.5). May
/// close idle servers to make room; the launch follows when they are gone.
void launch_for_waiters(Turn& turn, PoolBooks& pool);

/// The same for a client that was refused since logins have been failing: it is gone, but its need is the reason to
/// find out whether the server is back.
void launch_for_refused(Turn& turn, PoolBooks& pool, const Waiter& refused);

/// One more connection when the pool is below min_pool_size. Never closes another one for it.
void launch_minimum(Turn& turn, PoolBooks& pool);

/// Some limit keeps `pool` from opening a connection now.
[[nodiscard]] bool at_a_limit(const PoolBooks& pool);

/// No attempt is in progress, and the delay after a failed one is over.
[[nodiscard]] bool may_attempt(const Turn& turn, const PoolBooks& pool);

}  // namespace uvb
