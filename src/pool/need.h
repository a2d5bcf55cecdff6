#pragma once

#include "turn.h"

namespace uvb {

/// A client of `pool` needs a server, or the welcome (behaviour.md 3.2, 3.6).
TakeResult need(Turn& turn, PoolBooks& pool, const Waiter& waiter);

/// The client does not wait any more. False when it was in no queue.
bool stop_waiting(Registry& books, WorkerId worker, ConnectionId client);

}  // namespace uvb
