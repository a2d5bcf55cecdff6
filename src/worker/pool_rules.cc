#include "worker/pool_rules.h"

#include <algorithm>

namespace uvb {

namespace {
// QuestDB closes connections that were idle for 300 s without a word (questdb.md 8, 11 rule 6).
constexpr Micros kQuestdbIdleTimeout = std::chrono::seconds(240);
}  // namespace

PoolRules pool_rules(const Config& config, const DatabaseConfig& database, std::string_view pool_user,
                     ServerFlavour flavour) {
  const EffectivePool effective = effective_pool(config, database, pool_user);
  PoolRules rules;
  rules.mode = effective.mode;
  rules.pool_size = effective.pool_size;
  rules.reserve_pool_size = effective.reserve_pool_size;
  rules.min_pool_size = effective.min_pool_size;
  rules.max_db_connections = effective.max_db_connections;
  rules.max_user_connections = effective.max_user_connections;
  rules.reserve_pool_timeout = effective.reserve_pool_timeout;
  rules.server_lifetime = effective.server_lifetime;
  rules.server_idle_timeout = effective.server_idle_timeout;
  rules.server_check_delay = effective.server_check_delay;
  rules.server_login_retry = effective.server_login_retry;
  rules.pool_idle_timeout = config.settings.pool_idle_timeout;
  rules.check_query = effective.check_query;
  rules.round_robin = effective.round_robin;
  rules.fast_close = effective.fast_close;
  rules.forced_user = effective.forced_user;
  if (flavour == ServerFlavour::questdb) {
    const bool none = rules.server_idle_timeout <= Micros{};
    rules.server_idle_timeout = none ? kQuestdbIdleTimeout : std::min(rules.server_idle_timeout, kQuestdbIdleTimeout);
  }
  return rules;
}

}  // namespace uvb
