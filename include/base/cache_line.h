#pragma once

#include <cstddef>

namespace uvb {

/// Bytes of memory that the processor fetches at once. With many connections each line comes from far away: what every
/// transaction touches of one stands side by side. Servers are aligned to it; clients, of which there are thousands,
/// are kept small instead.
inline constexpr std::size_t kCacheLine = 64;

}  // namespace uvb
