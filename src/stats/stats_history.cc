#include "stats/stats_history.h"

namespace uvb {

StatsHistory::StatsHistory(TimePoint start) : old_stamp_(start - std::chrono::seconds(1)), new_stamp_(start) {}

std::map<StatsHistory::Key, Counters> StatsHistory::sums(std::span<const PoolCounters> pools) {
  std::map<Key, Counters> sums;
  for (const PoolCounters& pool : pools) sums[{pool.database, pool.user}] += pool.counters;
  return sums;
}

void StatsHistory::rotate(std::span<const PoolCounters> pools, TimePoint now) {
  std::map<Key, Snapshots> kept;
  Counters happened;
  for (const auto& [key, current] : sums(pools)) {
    const auto known = pools_.find(key);
    const Counters base = known == pools_.end() ? Counters{} : known->second.newer;
    happened += growth(base, current);
    kept[key] = {base, current};
  }
  pools_ = std::move(kept);
  old_stamp_ = std::exchange(new_stamp_, now);
  last_period_ = averages_of(happened, new_stamp_ - old_stamp_);
}

Counters StatsHistory::averages(std::span<const PoolCounters> pools, TimePoint now) const {
  Counters happened;
  for (const auto& [key, current] : sums(pools)) {
    const auto known = pools_.find(key);
    happened += growth(known == pools_.end() ? Counters{} : known->second.older, current);
  }
  return averages_of(happened, now - old_stamp_);
}

}  // namespace uvb
