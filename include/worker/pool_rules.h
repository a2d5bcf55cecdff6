#pragma once

#include <string_view>

#include "config/snapshot.h"
#include "pool/ledger.h"
#include "session/welcome.h"

namespace uvb {

/// What the ledger has to know of a pool, from the configuration and the kind of server behind it.
PoolRules pool_rules(const Config& config, const DatabaseConfig& database, std::string_view pool_user,
                     ServerFlavour flavour);

}  // namespace uvb
