#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "transport/tls_context.h"

namespace uvb {

enum class TlsStatus : std::uint8_t {
  done,         ///< the step is finished
  needs_input,  ///< feed() more ciphertext, then call again
  closed,       ///< the peer said close_notify
  failed,       ///< see error()
};

/// TLS without a socket: ciphertext in by feed(), ciphertext out by output(). One thread at a time; a
/// handshake() step may run on another thread than the rest as long as calls do not overlap.
class TlsEngine {
 public:
  /// The accepting side.
  static std::unique_ptr<TlsEngine> accept(std::shared_ptr<const TlsContext> context);
  /// The connecting side; `host` is checked against the certificate when the context verifies names,
  /// and sent as SNI unless it is an address or empty. `direct` offers ALPN "postgresql".
  static std::unique_ptr<TlsEngine> connect(std::shared_ptr<const TlsContext> context, const std::string& host,
                                            bool direct);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// Hands over ciphertext. Between calls the engine keeps what it could not use yet in memory of
  /// its own; an idle engine keeps none.
  void feed(ByteView ciphertext);

  /// Goes on with the handshake as far as the fed bytes allow. May take milliseconds (private-key
  /// work); touches no socket, so it may run in the crypto pool.
  TlsStatus handshake();
  [[nodiscard]] bool established() const noexcept;

  /// Decrypts into `into`; `count` tells how much. done with count 0 never happens: it is needs_input.
  TlsStatus read(ByteSpan into, std::size_t& count);
  /// Encrypts everything of `clear` behind output(), in records of at most the context's record size.
  TlsStatus write(ByteView clear);
  /// Appends close_notify to output().
  void close() noexcept;

  /// Ciphertext that must go to the peer, in order. The caller sends and consume()s it.
  [[nodiscard]] Buffer& output() noexcept;

  [[nodiscard]] const std::string& error() const noexcept;
  /// SHOW's `tls` text, e.g. "TLSv1.3/TLS_AES_256_GCM_SHA384" (admin-console.md 2.11 column 18); the
  /// suite really negotiated.
  [[nodiscard]] std::string description() const;
  /// tls-server-end-point binding (RFC 5929 4.1) of this side's (accept) or the peer's (connect)
  /// certificate; empty when there is none.
  [[nodiscard]] std::vector<std::uint8_t> server_end_point() const;
  /// The peer showed a certificate and it was verified against the CA file.
  [[nodiscard]] bool peer_verified() const;
  /// The verified peer certificate names `name` by the rule of settings.md 5.5.
  [[nodiscard]] bool peer_names(const std::string& name) const;

 private:
  struct State;
  explicit TlsEngine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace uvb
