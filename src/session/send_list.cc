#include "session/send_list.h"

#include "transport/transport.h"

namespace uvb {

std::span<const iovec> SendList::vectors() {
  vectors_.clear();
  const std::uint8_t* own = own_.view().data();
  for (const Piece& piece : pieces_) {
    const std::uint8_t* start = piece.own ? own + piece.offset : piece.start;
    vectors_.push_back(as_iovec({start, piece.size}));
  }
  return vectors_;
}

}  // namespace uvb
