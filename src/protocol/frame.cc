#include "protocol/frame.h"

#include <algorithm>

namespace uvb {

std::string bad_header_text(ByteView unread) {
  constexpr std::size_t kShownBytes = 8;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "bad packet header: '";
  for (const std::uint8_t byte : unread.first(std::min(unread.size(), kShownBytes))) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  text += '\'';
  return text;
}

}  // namespace uvb
