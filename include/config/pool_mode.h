#pragma once

#include <cstdint>

namespace uvb {

/// When a server goes back to its pool: with the client, after a transaction, after a statement (settings.md 3,
/// pool_mode).
enum class PoolMode : std::uint8_t { session, transaction, statement };

}  // namespace uvb
