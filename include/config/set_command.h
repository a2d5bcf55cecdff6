#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/snapshot.h"

namespace uvb {

/// What SET made of a configuration.
struct SetOutcome {
  Config config;  ///< a copy of the current one with the value changed; `warnings` only holds this change's
  bool restart_only =
      false;         ///< nothing was changed, since only a restart can; the console answers success nevertheless
  bool tls = false;  ///< TLS contexts have to be made anew (the key contains `_tls_` or `_tls13_`)
};

/// `SET key = value` of the console (settings.md 1.6, admin-console.md 3.13): a `[pgbouncer]` setting, or else one of
/// `[uvbouncer]`. The error is for the log (`unknown parameter: pgbouncer/<key>`, ...); the client is told `SET
/// failed`.
Result<SetOutcome> apply_set(const Config& current, std::string_view key, std::string_view value);

}  // namespace uvb
