#pragma once

#include <cstddef>
#include <string>

#include "base/buffer.h"
#include "transport/transport.h"

namespace uvb {

/// Clear bytes straight to and from the socket.
class PlainTransport final : public Transport {
 public:
  /// Takes ownership of `descriptor`, which must be non-blocking.
  explicit PlainTransport(int descriptor) noexcept : descriptor_(descriptor) {}
  ~PlainTransport() override;
  PlainTransport(const PlainTransport&) = delete;
  PlainTransport& operator=(const PlainTransport&) = delete;

  ReadResult read(ByteSpan into, Scratch scratch) override;
  IoStatus send(std::span<const iovec> pieces, Scratch scratch) override;
  IoStatus flush() override;
  [[nodiscard]] bool buffered() const noexcept override { return false; }
  [[nodiscard]] std::size_t pending() const noexcept override { return pending_.size(); }
  void shutdown(Scratch /*scratch*/) noexcept override {}
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_; }
  int release_descriptor() noexcept override;
  [[nodiscard]] std::string error() const override;
  [[nodiscard]] bool encrypted() const noexcept override { return false; }

 private:
  int descriptor_;
  int errno_ = 0;
  Buffer pending_;
};

}  // namespace uvb
