#pragma once

#include "turn.h"

namespace uvb {

/// The owner gives `server` back, clean (behaviour.md 4.2).
void release(Turn& turn, ServerEntry& server);

/// A server that is clean and may be used goes to a waiter or into the idle list. Only for a call by its owner.
void settle(Turn& turn, ServerEntry& server);

}  // namespace uvb
