#pragma once

#include "turn.h"

namespace uvb {

/// Serves the waiters of `pool` as far as idle servers go, puts used ones to the check, and opens a connection if that
/// is not enough. Does nothing while paused. Called whenever something changed that waiters may have waited for.
void review(Turn& turn, PoolBooks& pool);

/// Reviews the pools of the group, the longest waiter's first; but not `except`.
void review_group(Turn& turn, ConnectionGroup& group, const PoolBooks* except);
/// The same if the group's limit stopped a launch.
inline void review_blocked(Turn& turn, ConnectionGroup& group, const PoolBooks* except = nullptr) {
  if (group.blocked) review_group(turn, group, except);
}

/// A connection of `pool` is gone, or its limits changed: reviews it and those that waited for a place under the same
/// limits. A dead pool may end by this.
void place_freed(Turn& turn, PoolBooks& pool);

}  // namespace uvb
