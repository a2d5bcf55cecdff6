#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "transport/transport.h"

namespace uvb {

/// What connections read ahead in a turn (PollListener::read_ahead()) stands here, close together, until they are told
/// of it. One per worker; own thread only.
class AheadMemory {
 public:
  /// The most that one connection reads ahead. Whatever has more to say gains nothing by it.
  static constexpr std::size_t kMost = 2048;

  /// For the next one to read into; empty when there is no room left in this turn.
  [[nodiscard]] ByteSpan free() noexcept {
    return room_.size() - used_ < kMost ? ByteSpan() : ByteSpan(room_).subspan(used_, kMost);
  }
  /// The first `size` bytes of free() were used, and stay what they are until the turn is over.
  void keep(std::size_t size) noexcept { used_ += size; }
  void turn_over() noexcept { used_ = 0; }

 private:
  std::size_t used_ = 0;
  std::array<std::uint8_t, 32U << 10> room_;
};

/// The memory that a worker lends its connections.
struct LentMemory {
  ByteSpan clear;       ///< for one read
  Scratch scratch;      ///< for one read or write
  AheadMemory ahead{};  ///< for a turn
};

}  // namespace uvb
