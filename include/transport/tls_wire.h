#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/bytes.h"
#include "transport/openssl.h"

namespace uvb {

/// The ciphertext side of a TlsEngine: what came from the peer and what must go to it. OpenSSL reaches it through
/// bio() and is given whole records only, so that its own 17 KiB buffer never waits for the rest of one.
class TlsWire {
 public:
  TlsWire() = default;
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  /// A BIO over this object, which must outlive it.
  [[nodiscard]] OpenSslPtr<BIO> bio();

  /// Input that stays until used: copied.
  void feed(ByteView ciphertext) { stash_.append(ciphertext); }
  /// Input behind what was fed, only lent until give_back().
  void lend_input(ByteView ciphertext) noexcept { lent_input_ = ciphertext; }
  /// Keeps what is left of the lent input; frees the memory of a stash that is empty.
  void give_back_input();

  /// OpenSSL can be given something: a whole record, or bytes that are no TLS and that it shall refuse.
  [[nodiscard]] bool has_record() const noexcept;
  /// How many bytes of input there are, and how many more the record at their head needs (its head, when that is
  /// not complete; 0 when there is no input).
  [[nodiscard]] std::size_t input_size() const noexcept { return stash_.size() + lent_input_.size(); }
  [[nodiscard]] std::size_t missing() const noexcept;

  /// Output waiting for the peer, behind what is in lent memory.
  [[nodiscard]] Buffer& output() noexcept { return output_; }
  /// `size` bytes of output are about to come.
  void reserve(std::size_t size);
  /// Memory that output goes to first, as long as it holds, until give_back_output(). output() must be empty.
  void lend_output(ByteSpan memory) noexcept;
  [[nodiscard]] ByteView lent_output() const noexcept { return lent_output_.first(lent_used_); }
  /// `sent` bytes of lent_output() and output(), in this order, are on their way; the rest moves to output().
  void give_back_output(std::size_t sent);

  /// Copies out at most `into.size()` bytes of the record at the head; 0 when there is no whole one.
  std::size_t take(ByteSpan into) noexcept;
  void put(ByteView ciphertext);

 private:
  [[nodiscard]] std::size_t record_at_head() const noexcept;
  [[nodiscard]] std::uint8_t input_at(std::size_t index) const noexcept;

  Buffer stash_;
  ByteView lent_input_;
  std::size_t granted_ = 0;
  Buffer output_;
  ByteSpan lent_output_;
  std::size_t lent_used_ = 0;
};

}  // namespace uvb
