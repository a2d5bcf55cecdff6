#include "admin/binary_format.h"

#include <charconv>
#include <cstdint>
#include <vector>

namespace uvb {
namespace {

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

template <class T>
T number_of(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string integer(std::uint64_t value, int bytes) {
  std::string out;
  append_big_endian(out, value, bytes);
  return out;
}

// numeric_send() of PostgreSQL: how many base-10000 digits, weight of the first, sign, display scale, the digits.
std::string numeric(std::uint64_t value) {
  std::vector<std::uint64_t> digits;  // least significant first
  for (; value != 0; value /= 10000) digits.push_back(value % 10000);
  std::string out;
  append_big_endian(out, digits.size(), 2);
  append_big_endian(out, digits.empty() ? 0 : digits.size() - 1, 2);
  append_big_endian(out, 0, 2);
  append_big_endian(out, 0, 2);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) append_big_endian(out, *digit, 2);
  return out;
}

std::string bytes_of_hex(std::string_view text) {
  if (text.starts_with("\\x")) text.remove_prefix(2);
  std::string out;
  for (; text.size() >= 2; text.remove_prefix(2)) {
    int byte = 0;
    std::from_chars(text.data(), text.data() + 2, byte, 16);
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace

std::string binary_value(ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::int4: return integer(static_cast<std::uint32_t>(number_of<std::int32_t>(text)), 4);
    case ColumnType::int8: return integer(number_of<std::uint64_t>(text), 8);
    case ColumnType::numeric: return numeric(number_of<std::uint64_t>(text));
    case ColumnType::bytea: return bytes_of_hex(text);
    case ColumnType::text: break;
  }
  return std::string(text);
}

}  // namespace uvb
