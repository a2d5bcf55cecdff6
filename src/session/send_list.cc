#include "session/send_list.h"

#include "transport/transport.h"

namespace uvb {

void SendList::borrow_apart(ByteView piece) {
  if (piece.empty()) return;
  size_ += piece.size();
  pieces_.push_back({piece.data(), 0, piece.size(), false});
  joint_ = piece.data() + piece.size();
}

std::span<const iovec> SendList::vectors() {
  vectors_.clear();
  for (const Piece& piece : pieces_) vectors_.push_back(as_iovec(view(piece)));
  return vectors_;
}

}  // namespace uvb
