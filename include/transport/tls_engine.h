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
  /// and sent as SNI unless it is an address, a path or empty, whatever the mode (PgBouncer: with verify-full only;
  /// a server behind a TLS router needs the name in every mode). `direct` offers ALPN "postgresql"; a server that
  /// selects none is accepted, since TLS terminators in front of databases do not know it.
  static std::unique_ptr<TlsEngine> connect(std::shared_ptr<const TlsContext> context, const std::string& host,
                                            bool direct);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// Hands over ciphertext (copied). Between calls the engine keeps what it could not use yet in memory of
  /// its own; an idle engine keeps none.
  void feed(ByteView ciphertext);
  /// feed() and read() in one, without the copy: `ciphertext` is lent for this call, what it could not use is kept.
  TlsStatus read_from(ByteView ciphertext, ByteSpan into, std::size_t& count);
  /// How many bytes the next read_from() may be given so that what they hold fits into `room` bytes, as far as the
  /// record that is half here allows; at least 1 when `room` is not 0.
  [[nodiscard]] std::size_t wanted(std::size_t room) const noexcept;
  /// read() may give something (or tell the end) without new input.
  [[nodiscard]] bool readable() const noexcept;

  /// Goes on with the handshake as far as the fed bytes allow. May take milliseconds (private-key
  /// work); touches no socket, so it may run in the crypto pool. Send output() after every step, also after `failed`
  /// (it holds the alert). After `done` call read() before waiting for the socket: clear data may have come along.
  TlsStatus handshake();
  [[nodiscard]] bool established() const noexcept;
  /// The accepting side has said its last word (RFC 8446 2) and got no certificate to check: the next handshake() is a
  /// matter of microseconds.
  [[nodiscard]] bool lacks_only_finished() const noexcept;

  /// Decrypts into `into`; `count` tells how much. done with count 0 never happens: it is needs_input.
  TlsStatus read(ByteSpan into, std::size_t& count);
  /// Largest clear text of a record that write() makes.
  [[nodiscard]] std::size_t record_size() const noexcept;
  /// Encrypts everything of `clear` behind output(), in records of at most the context's record size.
  TlsStatus write(ByteView clear);
  /// Appends close_notify to output().
  void close() noexcept;

  /// Ciphertext that must go to the peer, in order. The caller sends and consume()s it, and release()s the empty
  /// buffer when nothing follows at once.
  [[nodiscard]] Buffer& output() noexcept;
  /// Lends memory that ciphertext goes to as long as it holds, instead of output(), which must be empty; what does
  /// not fit comes behind it in output(). Ends with give_back_output().
  void lend_output(ByteSpan memory) noexcept;
  [[nodiscard]] ByteView lent_output() const noexcept;
  /// `sent` bytes of lent_output() followed by output() are sent; the rest is in output() afterwards.
  void give_back_output(std::size_t sent);

  /// Why a call returned `failed`, as PgBouncer logs it behind "TLS handshake error: ", e.g. "handshake failed:
  /// error:0A000086:SSL routines::certificate verify failed: certificate has expired", or
  /// "name 'db' not present in server certificate".
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
