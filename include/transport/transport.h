#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"

namespace uvb {

/// Memory a worker lends for one read or write; nobody keeps it past the call.
/// `cipher` is what a TLS transport reads ciphertext into and encrypts into.
struct Scratch {
  ByteSpan cipher;
};

enum class IoStatus : std::uint8_t {
  ok,       ///< bytes were moved
  blocked,  ///< the socket has nothing to give (or takes nothing) now
  closed,   ///< orderly end of the peer's stream; also EOF without close_notify
  failed,   ///< broken; Transport::error() tells why
};

struct ReadResult {
  IoStatus status;
  std::size_t count = 0;  ///< clear bytes put into the caller's memory; > 0 exactly when ok
  bool more = false;      ///< the socket may hold more: it filled what was asked for, or was not asked
};

/// iovec serves reading and writing alike, hence its pointer to non-const.
inline iovec as_iovec(ByteView bytes) noexcept { return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()}; }
inline ByteView as_bytes(const iovec& piece) noexcept {
  return {static_cast<const std::uint8_t*>(piece.iov_base), piece.iov_len};
}

/// A connected byte stream over one non-blocking descriptor, plain or TLS: callers cannot tell which.
/// Owns the descriptor. Lives on one thread at a time; may change threads while no call runs.
/// It does not watch the descriptor: its owner does, and calls read()/flush() when it is ready.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Reads clear bytes into `into`. One recv() system call.
  virtual ReadResult read(ByteSpan into, Scratch scratch) = 0;

  /// Sends all pieces, in order, with one system call; what the socket does not take now is kept
  /// (pending() > 0) until flush(). Returns ok, or blocked when bytes were kept, or failed.
  /// When bytes are already pending the new ones go behind them, without a call.
  virtual IoStatus send(std::span<const iovec> pieces, Scratch scratch) = 0;

  /// Tries to send what is pending. ok when nothing is left. Nothing else ends the state of being blocked.
  virtual IoStatus flush() = 0;

  /// Clear bytes or the stream's end wait inside: read() again, no readiness of the descriptor will tell.
  [[nodiscard]] virtual bool buffered() const noexcept = 0;

  /// Bytes kept for the peer (for TLS: of ciphertext).
  [[nodiscard]] virtual std::size_t pending() const noexcept = 0;
  /// The same as pending() > 0 between any two calls. Asked many times for every message, it costs nothing.
  [[nodiscard]] bool blocked() const noexcept { return blocked_; }

  /// Says goodbye as far as the protocol has one (TLS close_notify), best effort, without blocking.
  virtual void shutdown(Scratch scratch) noexcept = 0;

  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// Takes the descriptor away, without closing it; the transport is dead afterwards.
  virtual int release_descriptor() noexcept = 0;
  /// The reason of the last `failed`, for the log.
  [[nodiscard]] virtual std::string error() const = 0;
  [[nodiscard]] virtual bool encrypted() const noexcept = 0;

 protected:
  bool blocked_ = false;
};

}  // namespace uvb
