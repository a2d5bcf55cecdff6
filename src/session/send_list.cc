#include "session/send_list.h"

#include "transport/transport.h"

namespace uvb {

std::span<const iovec> SendList::vectors() {
  vectors_.clear();
  for (const Piece& piece : pieces_) vectors_.push_back(as_iovec(view(piece)));
  return vectors_;
}

}  // namespace uvb
