#include "transport/plain_transport.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "transport/socket_io.h"

namespace uvb {

namespace {

/// Appends all but the first `skip` bytes of the pieces.
void keep_rest(std::span<const iovec> pieces, std::size_t skip, Buffer& pending) {
  for (const iovec& piece : pieces) {
    const std::size_t skipped = std::min(skip, piece.iov_len);
    skip -= skipped;
    pending.append(as_bytes(piece).subspan(skipped));
  }
}

}  // namespace

PlainTransport::~PlainTransport() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ReadResult PlainTransport::read(ByteSpan into, Scratch /*scratch*/) {
  if (into.empty()) return {.status = IoStatus::blocked};
  const SocketResult received = receive_some(descriptor_, into);
  errno_ = received.error;
  return {.status = received.status, .count = received.count, .more = received.count == into.size()};
}

IoStatus PlainTransport::send(std::span<const iovec> pieces, Scratch /*scratch*/) {
  if (blocked_) {
    keep_rest(pieces, 0, pending_);
    return flush();
  }
  const SocketResult sent = send_some(descriptor_, pieces);
  errno_ = sent.error;
  if (sent.status == IoStatus::failed) return IoStatus::failed;
  if (pieces.size() == 1 && sent.count == pieces.front().iov_len) return IoStatus::ok;
  keep_rest(pieces, sent.count, pending_);
  blocked_ = !pending_.empty();
  return blocked_ ? IoStatus::blocked : IoStatus::ok;
}

IoStatus PlainTransport::flush() {
  if (!blocked_) return IoStatus::ok;
  const SocketResult sent = send_some(descriptor_, pending_.view());
  errno_ = sent.error;
  if (sent.status == IoStatus::failed) return IoStatus::failed;
  pending_.consume(sent.count);
  blocked_ = !pending_.empty();
  if (blocked_) return IoStatus::blocked;
  pending_.release();
  return IoStatus::ok;
}

int PlainTransport::release_descriptor() noexcept { return std::exchange(descriptor_, -1); }

std::string PlainTransport::error() const { return errno_ != 0 ? std::strerror(errno_) : std::string(); }

}  // namespace uvb
