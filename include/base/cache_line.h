#pragma once

#include <cstddef>

namespace uvb {

/// Bytes of memory that the processor fetches at once. What is touched for every transaction is aligned to it, with the
/// members in use together side by side: with many connections each line comes from far away.
inline constexpr std::size_t kCacheLine = 64;

}  // namespace uvb
