#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "config/pool_mode.h"

namespace uvb {

/// One line of `[users]` (settings.md 1.9). "Pool user" is whom servers know, "login user" whom the client gave.
struct UserConfig {
  std::string name;
  std::optional<PoolMode> pool_mode;         ///< pool user
  int pool_size = -1;                        ///< pool user; 0: unlimited; negative: inherit
  int reserve_pool_size = -1;                ///< pool user; negative: inherit
  int max_user_connections = -1;             ///< pool user; <= 0: inherit
  int max_user_client_connections = -1;      ///< login user; <= 0: inherit
  Micros query_timeout{};                    ///< pool user; 0: inherit
  Micros idle_transaction_timeout{};         ///< pool user; 0: inherit
  Micros transaction_timeout{};              ///< pool user; 0: inherit
  Micros client_idle_timeout{};              ///< login user; 0: inherit
  std::optional<Micros> query_wait_timeout;  ///< login user; unset: inherit; 0: off
};

/// Parses a line of `[users]`. Errors begin with PgBouncer's sentence.
Result<UserConfig> parse_user(std::string_view name, std::string_view settings);

}  // namespace uvb
