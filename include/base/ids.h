#pragma once

#include <cstdint>

namespace uvb {

/// Serial number of a connection, client or server: SHOW's `id` column. One counter for both,
/// starts at 1, never reused. 0 means "none".
enum class ConnectionId : std::uint64_t { none = 0 };

/// Index of a worker thread, from 0.
enum class WorkerId : std::uint32_t {};

constexpr std::uint64_t number(ConnectionId id) noexcept { return static_cast<std::uint64_t>(id); }
constexpr std::uint32_t number(WorkerId id) noexcept { return static_cast<std::uint32_t>(id); }

}  // namespace uvb
