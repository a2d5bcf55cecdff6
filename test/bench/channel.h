#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace uvb::bench {

struct SslContextFree {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

/// A TLS 1.3 client context: no verification, no session reuse, large reads. Null on failure.
SslContext make_tls_context();

enum class Io : std::uint8_t { done, again, closed };

/// A non-blocking TCP connection of the load generator, plain at first, TLS after start_tls().
/// Owns the descriptor. One thread.
class Channel {
 public:
  /// Starts connecting to an IPv4 address; fd() is -1 when that failed at once.
  Channel(const char* address, std::uint16_t port);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Bytes accepted by send() that the socket has not taken yet.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
  /// "TLSv1.3 CIPHER GROUP", or "plain".
  [[nodiscard]] std::string description() const;

  void start_tls(SSL_CTX* context);
  Io handshake();

  /// done: `got` bytes were read.
  Io receive(std::span<char> into, std::size_t& got);
  /// Whether bytes already taken from the socket wait inside TLS, so that the poll would not tell of them.
  [[nodiscard]] bool holds_input() const noexcept { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }
  /// Sends at once what the socket takes and keeps the rest; closed when the connection is lost.
  Io send(std::string_view bytes);
  /// Sends what was kept. done: nothing is pending any more.
  Io flush();
  /// Sends TLS's close_notify, as libpq does.
  void say_goodbye();

 private:
  struct SslFree {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };

  void collect_records();

  int fd_ = -1;
  std::unique_ptr<SSL, SslFree> ssl_;
  BIO* records_ = nullptr;  ///< owned by ssl_: what TLS wants sent
  std::string pending_;
};

}  // namespace uvb::bench
