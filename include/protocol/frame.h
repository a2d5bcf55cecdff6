#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace uvb {

/// Type byte and length field in front of every message but the first packet of a connection
/// (PostgreSQL protocol, "Message Formats").
inline constexpr std::size_t kHeadSize = 5;

struct MessageHead {
  char type = 0;
  std::uint32_t size = 0;  ///< the whole message in bytes: length field + 1, so at least kHeadSize

  [[nodiscard]] std::uint32_t body_size() const noexcept { return size - static_cast<std::uint32_t>(kHeadSize); }
};

enum class HeadStatus : std::uint8_t {
  ok,          ///< the head is filled in; the body need not be at hand
  incomplete,  ///< fewer than kHeadSize bytes so far
  bad,         ///< a size below kHeadSize or above the limit: the stream cannot be followed any more
};

/// Reads the head at the front of `bytes`. `max_packet_size` limits the whole message, in bytes.
/// `head` is only written for ok. Never looks past the first kHeadSize bytes.
inline HeadStatus read_head(ByteView bytes, std::uint32_t max_packet_size, MessageHead& head) noexcept {
  if (bytes.size() < kHeadSize) return HeadStatus::incomplete;
  const std::uint32_t length = load_u32(bytes.data() + 1);
  // length + 1 may wrap around, so the comparisons are made without it.
  if (length < 4 || length >= max_packet_size) return HeadStatus::bad;
  head.type = static_cast<char>(bytes[0]);
  head.size = length + 1;
  return HeadStatus::ok;
}

/// "bad packet header: '<hex>'" with the first unread bytes (up to eight) in lower case (behaviour.md 1.1).
std::string bad_header_text(ByteView unread);

}  // namespace uvb
