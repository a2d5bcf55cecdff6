#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/clock.h"
#include "stats/averages.h"
#include "stats/counters.h"

namespace uvb {

/// Two snapshots of every pool's counters, so that averages slide over one to two stats periods
/// (admin-console.md 2.16). Lives on the control thread, which calls rotate() every stats_period as it was at start.
/// Not thread-safe.
class StatsHistory {
 public:
  explicit StatsHistory(TimePoint start);

  /// A period is over: what was newest becomes the base of averages. `pools` are the counters now, each pool possibly
  /// in several parts (one of each worker); pools that are not listed are gone and forgotten.
  void rotate(std::span<const PoolCounters> pools, TimePoint now);

  /// Averages of SHOW STATS: of `pools` together (the same kind of list, of those pools that matter), since the older
  /// snapshot.
  [[nodiscard]] Counters averages(std::span<const PoolCounters> pools, TimePoint now) const;

  /// Averages of exactly the last full period over all pools; zeros before the first one is over.
  [[nodiscard]] const Counters& last_period() const noexcept { return last_period_; }

 private:
  using Key = std::pair<std::string, std::string>;  // database, user
  struct Snapshots {
    Counters older;
    Counters newer;
  };
  static std::map<Key, Counters> sums(std::span<const PoolCounters> pools);

  std::map<Key, Snapshots> pools_;
  TimePoint old_stamp_;
  TimePoint new_stamp_;
  Counters last_period_;
};

}  // namespace uvb
