#include "transport/tls_transport.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "transport/socket_io.h"

namespace uvb {

namespace {

constexpr std::size_t kLargestRecord = 16384;

/// Joins small pieces, so that they travel in as few records as possible; large ones are encrypted where they lie.
class RecordGatherer {
 public:
  RecordGatherer(TlsEngine& engine, std::size_t record_size)
      : engine_(engine), record_size_(std::min(record_size, kLargestRecord)) {}

  TlsStatus add(ByteView piece) {
    while (!piece.empty()) {
      if (used_ == 0 && piece.size() >= record_size_) {
        const std::size_t whole = piece.size() / record_size_ * record_size_;
        if (engine_.write(piece.first(whole)) != TlsStatus::done) return TlsStatus::failed;
        piece = piece.subspan(whole);
        continue;
      }
      const std::size_t count = std::min(piece.size(), record_size_ - used_);
      std::memcpy(record_.data() + used_, piece.data(), count);
      used_ += count;
      piece = piece.subspan(count);
      if (used_ == record_size_ && finish() != TlsStatus::done) return TlsStatus::failed;
    }
    return TlsStatus::done;
  }

  TlsStatus finish() { return engine_.write(ByteView(record_).first(std::exchange(used_, 0))); }

 private:
  TlsEngine& engine_;
  std::size_t record_size_;
  std::size_t used_ = 0;
  // Left as it is: a stack's memory is there already, zeroing it for every send is not free.
  std::array<std::uint8_t, kLargestRecord> record_;
};

TlsStatus encrypt(TlsEngine& engine, std::span<const iovec> pieces) {
  if (pieces.size() == 1) return engine.write(as_bytes(pieces.front()));
  RecordGatherer gatherer(engine, engine.record_size());
  for (const iovec& piece : pieces) {
    if (gatherer.add(as_bytes(piece)) != TlsStatus::done) return TlsStatus::failed;
  }
  return gatherer.finish();
}

IoStatus status_of(TlsStatus status) {
  switch (status) {
    case TlsStatus::done: return IoStatus::ok;
    case TlsStatus::needs_input: return IoStatus::blocked;
    case TlsStatus::closed: return IoStatus::closed;
    case TlsStatus::failed: break;
  }
  return IoStatus::failed;
}

}  // namespace

TlsTransport::TlsTransport(int descriptor, std::unique_ptr<TlsEngine> engine)
    : descriptor_(descriptor), engine_(std::move(engine)) {}

TlsTransport::~TlsTransport() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ReadResult TlsTransport::read_cipher(Scratch scratch) {
  const SocketResult received = receive_some(descriptor_, scratch.cipher);
  errno_ = received.error;
  if (received.count > 0) engine_->feed(scratch.cipher.first(received.count));
  return {.status = received.status, .count = received.count, .more = received.count == scratch.cipher.size()};
}

IoStatus TlsTransport::send_cipher() { return flush(); }

std::string TlsTransport::handshake_error() const {
  // Without words of the engine's own the peer has left.
  const std::string& error = engine_->error();
  return error.empty() ? "handshake failed: connection lost" : error;
}

/// Ends a read: what TLS itself wants to say (an alert, a key update) goes at once. But only flush() may end a block:
/// others wait for that, and would not hear of it.
ReadResult TlsTransport::result(TlsStatus status, std::size_t count, bool more) {
  if (!blocked_ && !engine_->output().empty() && flush() == IoStatus::failed && count == 0)
    return {.status = IoStatus::failed};
  return {.status = status_of(status), .count = count, .more = more || (count > 0 && engine_->readable())};
}

ReadResult TlsTransport::read(ByteSpan into, Scratch scratch) {
  std::size_t count = 0;
  if (engine_->readable()) {
    const TlsStatus status = engine_->read(into, count);
    if (status != TlsStatus::needs_input) return result(status, count, true);
  }
  const std::size_t size = std::min(engine_->wanted(into.size()), scratch.cipher.size());
  if (size == 0) return {.status = IoStatus::blocked};
  const SocketResult received = receive_some(descriptor_, scratch.cipher.first(size));
  errno_ = received.error;
  if (received.status != IoStatus::ok) return {.status = received.status};
  const TlsStatus status = engine_->read_from(scratch.cipher.first(received.count), into, count);
  return result(status, count, received.count == size);
}

IoStatus TlsTransport::send(std::span<const iovec> pieces, Scratch scratch) {
  if (engine_->output().empty()) engine_->lend_output(scratch.cipher);
  const TlsStatus encrypted = encrypt(*engine_, pieces);
  if (encrypted != TlsStatus::done) {
    engine_->give_back_output(0);
    return IoStatus::failed;
  }
  return blocked_ ? IoStatus::blocked : send_output();
}

IoStatus TlsTransport::flush() { return send_output(); }

IoStatus TlsTransport::send_output() {
  const std::array pieces{as_iovec(engine_->lent_output()), as_iovec(engine_->output().view())};
  const std::size_t size = pieces[0].iov_len + pieces[1].iov_len;
  if (size == 0) {
    engine_->give_back_output(0);
    blocked_ = false;
    return IoStatus::ok;
  }
  std::span<const iovec> filled(pieces);
  if (pieces[1].iov_len == 0) filled = filled.first(1);
  if (pieces[0].iov_len == 0) filled = filled.last(1);
  const SocketResult sent = send_some(descriptor_, filled);
  errno_ = sent.error;
  engine_->give_back_output(sent.count);
  blocked_ = sent.count < size;
  if (sent.status == IoStatus::failed) return IoStatus::failed;
  return blocked_ ? IoStatus::blocked : IoStatus::ok;
}

std::size_t TlsTransport::pending() const noexcept { return engine_->output().size(); }

void TlsTransport::shutdown(Scratch /*scratch*/) noexcept {
  if (descriptor_ < 0) return;
  engine_->close();
  if (pending() > 0) static_cast<void>(send_output());
}

int TlsTransport::release_descriptor() noexcept { return std::exchange(descriptor_, -1); }

std::string TlsTransport::error() const { return errno_ != 0 ? std::strerror(errno_) : engine_->error(); }

}  // namespace uvb
