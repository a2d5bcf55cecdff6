#include "session/send_list.h"

namespace uvb {

std::span<const iovec> SendList::vectors() {
  vectors_.clear();
  const std::uint8_t* own = own_.view().data();
  for (const Piece& piece : pieces_) {
    const std::uint8_t* start = piece.own ? own + piece.offset : piece.start;
    // iovec serves reading and writing alike, hence its pointer to non-const.
    vectors_.push_back({const_cast<std::uint8_t*>(start), piece.size});
  }
  return vectors_;
}

}  // namespace uvb
