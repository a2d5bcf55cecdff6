#pragma once

#include <memory>
#include <string>

#include "transport/tls_engine.h"
#include "transport/transport.h"

namespace uvb {

/// TLS over a descriptor, once the handshake is finished. During the handshake its owner moves
/// ciphertext between engine() and the socket with read_cipher()/send_cipher(), so that the steps
/// themselves can run in the crypto pool.
class TlsTransport final : public Transport {
 public:
  /// Takes ownership of `descriptor`.
  TlsTransport(int descriptor, std::unique_ptr<TlsEngine> engine);
  ~TlsTransport() override;

  [[nodiscard]] TlsEngine& engine() noexcept { return *engine_; }

  /// Handshake only: one recv(), fed to the engine. `count` in the result is ciphertext bytes.
  ReadResult read_cipher(Scratch scratch);
  /// Handshake only: sends the engine's output; ok when all of it went.
  IoStatus send_cipher();
  /// Why the handshake failed, for the log.
  [[nodiscard]] std::string handshake_error() const;

  /// As Transport::read(); when `more` is set clear bytes may wait inside, of which the descriptor knows nothing:
  /// the owner must read again before it waits. Call it once after the handshake, before waiting. `into` of 16 KiB
  /// or more keeps that rare. An answer that TLS itself needs (key update) may make pending() > 0.
  ReadResult read(ByteSpan into, Scratch scratch) override;
  IoStatus send(std::span<const iovec> pieces, Scratch scratch) override;
  IoStatus flush() override;
  [[nodiscard]] bool buffered() const noexcept override { return engine_->readable(); }
  [[nodiscard]] std::size_t pending() const noexcept override;
  void shutdown(Scratch scratch) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_; }
  int release_descriptor() noexcept override;
  [[nodiscard]] std::string error() const override;
  [[nodiscard]] bool encrypted() const noexcept override { return true; }

 private:
  ReadResult result(TlsStatus status, std::size_t count, bool more);
  IoStatus send_output();

  int descriptor_;
  int errno_ = 0;
  std::unique_ptr<TlsEngine> engine_;
};

}  // namespace uvb
