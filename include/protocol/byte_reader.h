#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace uvb {

/// Takes values from the front of borrowed bytes, checking bounds; after a failure nothing was taken.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool at_end() const noexcept { return bytes_.empty(); }

  std::optional<std::uint8_t> byte() noexcept {
    if (bytes_.empty()) return std::nullopt;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::optional<std::uint16_t> u16() noexcept {
    if (bytes_.size() < 2) return std::nullopt;
    const std::uint16_t value = load_u16(bytes_.data());
    bytes_ = bytes_.subspan(2);
    return value;
  }
  std::optional<std::uint32_t> u32() noexcept {
    if (bytes_.size() < 4) return std::nullopt;
    const std::uint32_t value = load_u32(bytes_.data());
    bytes_ = bytes_.subspan(4);
    return value;
  }
  std::optional<ByteView> bytes(std::size_t count) noexcept {
    if (bytes_.size() < count) return std::nullopt;
    const ByteView taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  /// Zero-terminated text, without the zero byte.
  std::optional<std::string_view> text() noexcept {
    const void* end = bytes_.empty() ? nullptr : std::memchr(bytes_.data(), 0, bytes_.size());
    if (end == nullptr) return std::nullopt;
    const auto size = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - bytes_.data());
    const std::string_view taken = as_text(bytes_.first(size));
    bytes_ = bytes_.subspan(size + 1);
    return taken;
  }
  ByteView rest() noexcept {
    const ByteView taken = bytes_;
    bytes_ = bytes_.subspan(bytes_.size());
    return taken;
  }

 private:
  ByteView bytes_;
};

}  // namespace uvb
