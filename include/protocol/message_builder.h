#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"

namespace uvb {

/// Appends one typed message to a buffer: the constructor writes the head, the destructor the length. Nothing may be
/// taken from the buffer meanwhile.
class MessageBuilder {
 public:
  MessageBuilder(Buffer& out, char type) : out_(out), start_(out.size()) {
    out_.append_byte(static_cast<std::uint8_t>(type));
    out_.append_u32(0);
  }
  ~MessageBuilder() {
    const auto length = static_cast<std::uint32_t>(out_.size() - start_ - 1);
    store_u32(out_.data() + start_ + 1, length);
  }
  MessageBuilder(const MessageBuilder&) = delete;
  MessageBuilder& operator=(const MessageBuilder&) = delete;

  MessageBuilder& byte(char value) {
    out_.append_byte(static_cast<std::uint8_t>(value));
    return *this;
  }
  MessageBuilder& u16(std::size_t value) {
    out_.append_u16(static_cast<std::uint16_t>(value));
    return *this;
  }
  MessageBuilder& u32(std::size_t value) {
    out_.append_u32(static_cast<std::uint32_t>(value));
    return *this;
  }
  MessageBuilder& raw(ByteView bytes) {
    out_.append(bytes);
    return *this;
  }
  /// Zero-terminated text. Cut at an embedded zero byte, which would otherwise shift all that follows.
  MessageBuilder& text(std::string_view value) {
    out_.append(value.substr(0, value.find('\0')));
    out_.append_byte(0);
    return *this;
  }

 private:
  Buffer& out_;
  std::size_t start_;
};

}  // namespace uvb
