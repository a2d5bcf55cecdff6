#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/buffer.h"
#include "base/bytes.h"
#include "session/lent_memory.h"
#include "transport/transport.h"

namespace uvb {

/// One connection's reading: bytes that could not be used yet are kept and stand in front of what comes next, without
/// copying bulk data. How much is read at a time grows with what comes, so that bulk costs few system calls and what a
/// slow peer leaves behind stays small.
class ReadWindow {
 public:
  /// Reads once; `bytes` is everything unused so far, valid until done() or the next turn.
  ReadResult fill(Transport& transport, LentMemory& lent, ByteView& bytes);
  /// Reads a little into the memory for that, for the next fill(). false: nothing was read.
  bool read_ahead(Transport& transport, LentMemory& lent);
  /// There is something that was read ahead: the next fill() gives it, no readiness of a descriptor will tell.
  [[nodiscard]] bool ahead() const noexcept { return ahead_.is_there; }
  /// As Transport::buffered(), with what was read ahead of it.
  [[nodiscard]] bool buffered(const Transport& transport) const noexcept { return ahead() || transport.buffered(); }
  /// The turn ends, but what was read ahead must not. How that read ended; it may have found nothing, which is ok.
  [[gnu::cold]] [[nodiscard]] IoStatus keep_ahead();
  /// What was kept, without reading.
  [[nodiscard]] ByteView kept() const noexcept { return kept_.view(); }
  /// `used` bytes of `bytes` (of the last fill(), or kept()) were consumed; the rest is kept.
  void done(ByteView bytes, std::size_t used);
  /// Puts bytes in front of the next read (bytes read before TLS began, for example).
  void keep(ByteView bytes) { kept_.append(bytes); }
  void clear() noexcept {
    kept_.release();
    ahead_ = {};
  }
  [[nodiscard]] bool empty() const noexcept { return kept_.empty(); }

 private:
  static constexpr std::uint8_t kSmallest = 15;  ///< 32 KiB: a TLS record and a bit
  /// 128 KiB: as few system calls and wake-ups of the peer as bulk gains by; more would make other connections wait.
  static constexpr std::uint8_t kLargest = 17;

  /// A read that was made ahead. Packed, as there may be thousands of connections.
  struct Ahead {
    const std::uint8_t* bytes = nullptr;  ///< in the memory of the turn, or in `own`
    std::unique_ptr<std::uint8_t[]> own;  ///< after keep_ahead()
    std::uint16_t count = 0;
    IoStatus status{};
    bool more = false;
    bool is_there = false;
  };
  static_assert(AheadMemory::kMost <= UINT16_MAX);

  ReadResult read(Transport& transport, LentMemory& lent, ByteView& bytes);
  ReadResult use_ahead(Transport& transport, LentMemory& lent, ByteView& bytes);
  [[gnu::cold]] ReadResult read_rest(const ReadResult& ahead, Transport& transport, LentMemory& lent, ByteView& bytes);
  void adapt(const ReadResult& result, std::size_t asked) noexcept;

  Buffer kept_;
  Ahead ahead_;
  bool brief_ = false;  ///< the last read gave little
  std::uint8_t size_log2_ = kSmallest;
};

}  // namespace uvb
