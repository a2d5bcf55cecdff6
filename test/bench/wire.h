#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace uvb::bench {

/// The protocol number with which a client asks for TLS (protocol chapter, SSLRequest).
inline constexpr std::uint32_t kSslRequest = 80877103;

/// Appends PostgreSQL messages (protocol chapter "Message Formats") to a string it borrows.
class MessageWriter {
 public:
  explicit MessageWriter(std::string& out) noexcept : out_(out) {}

  /// Starts a message; type 0 starts one without a type byte (StartupMessage, SSLRequest).
  MessageWriter& begin(char type);
  MessageWriter& u8(std::uint8_t value);
  MessageWriter& u16(std::uint16_t value);
  MessageWriter& u32(std::uint32_t value);
  /// Raw bytes, without a terminator.
  MessageWriter& bytes(std::string_view value);
  /// Bytes followed by the zero byte that ends a protocol string.
  MessageWriter& text(std::string_view value);
  /// Fills in the length of the message begun last.
  MessageWriter& end();

 private:
  std::string& out_;
  std::size_t length_at_ = 0;
};

/// Appends a message with a ready-made body.
void append_message(std::string& out, char type, std::string_view body = {});

/// ReadyForQuery with a transaction status: 'I', 'T' or 'E'.
void append_ready(std::string& out, char status);

/// Reads a message body from front to back; a read past the end yields zero or empty and makes good() false.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) noexcept : rest_(body) {}

  std::uint16_t u16();
  std::uint32_t u32();
  std::string_view text();
  std::string_view bytes(std::size_t count);
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

/// The five bytes every message after startup begins with.
struct MessageHead {
  static constexpr std::size_t kSize = 5;
  char type = 0;
  std::uint32_t body_size = 0;  ///< without the head
};

/// `at` must hold MessageHead::kSize bytes.
MessageHead read_head(const char* at) noexcept;

/// Big-endian 32-bit load from four bytes.
std::uint32_t load_u32(const char* at) noexcept;

/// The value of field `code` of an ErrorResponse or NoticeResponse body; empty when absent.
std::string_view error_field(std::string_view body, char code);

}  // namespace uvb::bench
