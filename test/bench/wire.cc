#include "wire.h"

namespace uvb::bench {

MessageWriter& MessageWriter::begin(char type) {
  if (type != 0) out_.push_back(type);
  length_at_ = out_.size();
  return u32(0);
}

MessageWriter& MessageWriter::u8(std::uint8_t value) {
  out_.push_back(static_cast<char>(value));
  return *this;
}

MessageWriter& MessageWriter::u16(std::uint16_t value) {
  u8(static_cast<std::uint8_t>(value >> 8));
  return u8(static_cast<std::uint8_t>(value & 0xff));
}

MessageWriter& MessageWriter::u32(std::uint32_t value) {
  u16(static_cast<std::uint16_t>(value >> 16));
  return u16(static_cast<std::uint16_t>(value & 0xffff));
}

MessageWriter& MessageWriter::bytes(std::string_view value) {
  out_.append(value);
  return *this;
}

MessageWriter& MessageWriter::text(std::string_view value) {
  out_.append(value);
  out_.push_back('\0');
  return *this;
}

MessageWriter& MessageWriter::end() {
  const auto length = static_cast<std::uint32_t>(out_.size() - length_at_);
  for (unsigned i = 0; i < 4; ++i) out_[length_at_ + i] = static_cast<char>((length >> (24 - 8 * i)) & 0xff);
  return *this;
}

void append_message(std::string& out, char type, std::string_view body) {
  MessageWriter(out).begin(type).bytes(body).end();
}

void append_ready(std::string& out, char status) { append_message(out, 'Z', {&status, 1}); }

std::uint32_t load_u32(const char* at) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(at[i]);
  return value;
}

std::string_view BodyReader::bytes(std::size_t count) {
  if (count > rest_.size()) {
    good_ = false;
    return {};
  }
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint16_t BodyReader::u16() {
  const auto raw = bytes(2);
  if (raw.empty()) return 0;
  return static_cast<std::uint16_t>((static_cast<unsigned char>(raw[0]) << 8) | static_cast<unsigned char>(raw[1]));
}

std::uint32_t BodyReader::u32() {
  const auto raw = bytes(4);
  return raw.empty() ? 0 : load_u32(raw.data());
}

std::string_view BodyReader::text() {
  const auto end = rest_.find('\0');
  if (end == std::string_view::npos) {
    good_ = false;
    return {};
  }
  const auto value = bytes(end);
  rest_.remove_prefix(1);
  return value;
}

MessageHead read_head(const char* at) noexcept {
  const auto length = load_u32(at + 1);
  return {at[0], length < 4 ? 0 : length - 4};
}

std::string_view error_field(std::string_view body, char code) {
  BodyReader reader(body);
  while (!reader.rest().empty() && reader.rest().front() != '\0') {
    const char field = reader.bytes(1).front();
    const auto value = reader.text();
    if (!reader.good()) return {};
    if (field == code) return value;
  }
  return {};
}

}  // namespace uvb::bench
