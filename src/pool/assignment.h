#pragma once

#include "turn.h"

namespace uvb {

/// Who is to have a server that just became free: the longest waiter it suits, unless that one is another worker's and
/// one of the server's own worker came less than kOvertaking later. Null when it suits nobody.
[[nodiscard]] WaitEntry* choose_waiter(const ServerEntry& server);

/// Gives `server` to the waiter. Only for a call by the server's worker: a client there is served at once.
void assign(Turn& turn, ServerEntry& server, WaitEntry& waiter);

/// Sends `server` to the waiter; it is promised until it arrives.
void hand_over(Turn& turn, ServerEntry& server, WaitEntry& waiter);

/// Whoever the server was promised to is not any more. Returns the entry, in no queue; null when it was promised to
/// nobody.
WaitEntry* withdraw_promise(ServerEntry& server) noexcept;

/// Tells `server` to close because of `reason` (static text).
void close(Turn& turn, ServerEntry& server, const char* reason);

/// Closes a waiting client. `entry` ends.
void fail(Turn& turn, WaitEntry& entry, std::string_view code, const std::string& reason);

/// fail() for everybody who waits in `pool`.
void fail_waiters(Turn& turn, PoolBooks& pool, std::string_view code, const std::string& reason);

}  // namespace uvb
