#pragma once

#include <string>

#include "base/clock.h"
#include "stats/counters.h"

namespace uvb {

/// What the members of Counters are on average, of what happened in `duration` (admin-console.md 2.16): counts and
/// bytes per second; xact_time per transaction, query_time per query, wait_time per server assignment. Integers, cut
/// off. All zero when `duration` is not positive.
[[nodiscard]] Counters averages_of(const Counters& happened, Micros duration) noexcept;

/// The periodic log line of release 1.25.2 (admin-console.md 6.5).
[[nodiscard]] std::string stats_line(const Counters& averages);

}  // namespace uvb
