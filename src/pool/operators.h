#pragma once

#include <string>

#include "turn.h"

namespace uvb {

// What operators ask for (behaviour.md 9). An empty database means all pools.

/// Closes what is not with a client. The caller has marked the pools paused.
void stop_pools(Turn& turn, const std::string& database);
/// Serves those who waited. The caller has taken the marks away.
void start_pools(Turn& turn, const std::string& database);
/// Nothing active or tested.
[[nodiscard]] bool quiet(const Registry& books, const std::string& database);
/// No server goes on longer than its present use.
void renew_pools(Turn& turn, const std::string& database);
/// Closes all servers and waiting clients and takes the pools away.
void remove_pools(Turn& turn, const std::string& database, const char* reason);
/// Closes all waiting clients.
void refuse_waiters(Turn& turn, const char* reason);

}  // namespace uvb
