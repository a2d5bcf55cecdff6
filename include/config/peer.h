#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace uvb {

/// One line of `[peers]` (settings.md 1.10).
struct PeerConfig {
  int id = 0;
  std::string host;
  int port = 6432;
  int pool_size = -1;  ///< negative: default_pool_size; 0: none

  bool operator==(const PeerConfig&) const = default;
};

/// Parses a line of `[peers]`; `id` is its key. Errors begin with PgBouncer's sentence.
Result<PeerConfig> parse_peer(std::string_view id, std::string_view connection_string);

}  // namespace uvb
