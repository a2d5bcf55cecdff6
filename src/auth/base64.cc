#include "auth/base64.h"

#include <array>

namespace uvb {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kInvalid = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kInvalid;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr auto kValues = make_values();

/// Up to three bytes as four characters.
void encode_group(ByteView group, std::string& out) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i) bits = (bits << 8) | (i < group.size() ? group[i] : 0u);
  for (std::size_t i = 0; i < 4; ++i) {
    out += i <= group.size() ? kAlphabet[(bits >> (18 - 6 * i)) & 63] : '=';
  }
}

/// Four characters, the last `padding` of them '=', as bytes.
bool decode_group(std::string_view group, std::size_t padding, std::vector<std::uint8_t>& out) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint8_t value = i < 4 - padding ? kValues[static_cast<std::uint8_t>(group[i])] : 0;
    if (value == kInvalid) return false;
    bits = (bits << 6) | value;
  }
  for (std::size_t i = 0; i < 3 - padding; ++i) out.push_back(static_cast<std::uint8_t>(bits >> (16 - 8 * i)));
  return true;
}

std::size_t padding_of(std::string_view group) noexcept {
  if (group.ends_with("==")) return 2;
  return group.ends_with('=') ? 1 : 0;
}

}  // namespace

std::string base64_encode(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t count = bytes.size() < 3 ? bytes.size() : 3;
    encode_group(bytes.first(count), out);
    bytes = bytes.subspan(count);
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  while (!text.empty()) {
    const std::string_view group = text.substr(0, 4);
    text.remove_prefix(4);
    const std::size_t padding = text.empty() ? padding_of(group) : 0;
    if (!decode_group(group, padding, out)) return std::nullopt;
  }
  return out;
}

}  // namespace uvb
