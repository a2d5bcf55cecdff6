#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "config/snapshot.h"
#include "session/shared_state.h"
#include "session/welcome.h"
#include "stats/counters.h"

namespace uvb {

enum class PoolId : std::uint32_t;  // pool/ledger.h

/// One pool as one worker sees it: settings resolved from the worker's snapshot, this worker's share of the counters.
/// Own thread only.
struct PoolView {
  PoolId id{0xffffffff};  ///< PoolId::none until the ledger was asked
  std::string database;   ///< entry name
  std::string user;       ///< whom servers know
  std::shared_ptr<const DatabaseConfig> config;
  std::shared_ptr<DatabaseState> state;
  EffectivePool rules;
  std::shared_ptr<const Welcome> welcome;  ///< the last one known; null before the first
  bool welcome_current = false;            ///< false after RECONNECT: new clients wait for the next server's
  Counters counters;
  bool removed = false;  ///< KILL or RELOAD took it away; no new client may join

  [[nodiscard]] bool questdb() const noexcept { return welcome && welcome->flavour == ServerFlavour::questdb; }
  /// Statement names are the pooler's business (behaviour.md 5.2; with QuestDB always: questdb.md 11 rule 3).
  [[nodiscard]] bool tracks_statements(int max_prepared_statements) const noexcept {
    return questdb() || (max_prepared_statements != 0 && rules.mode != PoolMode::session);
  }
  /// How many statements a server may keep.
  [[nodiscard]] int statement_limit(int max_prepared_statements) const noexcept {
    // A QuestDB connection takes 10,000 (questdb.md 5), and without any it would mix up statements of its clients.
    constexpr int kQuestdbLeast = 10;
    constexpr int kQuestdbMost = 9000;
    return questdb() ? std::clamp(max_prepared_statements, kQuestdbLeast, kQuestdbMost) : max_prepared_statements;
  }
};

}  // namespace uvb
