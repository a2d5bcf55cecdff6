#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "protocol/frame.h"

/// Walks a stream of messages as the relay does; a head must never send the walk backwards or past its limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  uvb::ByteView rest(data, size);
  for (const std::uint32_t limit :
       {std::uint32_t{16}, std::uint32_t{4096}, std::numeric_limits<std::uint32_t>::max()}) {
    uvb::ByteView left = rest;
    uvb::MessageHead head;
    while (uvb::read_head(left, limit, head) == uvb::HeadStatus::ok) {
      if (head.size < uvb::kHeadSize || head.size > limit) std::abort();
      if (head.size > left.size()) break;
      left = left.subspan(head.size);
    }
    if (uvb::bad_header_text(left).size() > 22 + 16) std::abort();
  }
  return 0;
}
