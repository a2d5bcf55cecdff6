#include "channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/objects.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

namespace uvb::bench {
namespace {

int limited(std::size_t size) noexcept {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
  return static_cast<int>(size < kMost ? size : kMost);
}

/// SSL_get_negotiated_group is a macro with casts of the old style inside.
std::string group_name(SSL* ssl) {
  const auto group = SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, nullptr);
  const char* name = OBJ_nid2sn(static_cast<int>(group));
  return name == nullptr ? "?" : name;
}

}  // namespace

SslContext make_tls_context() {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return nullptr;
  SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, nullptr);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_READ_AHEAD, 1, nullptr);
  SSL_CTX_set_default_read_buffer_len(context.get(), 128 * 1024);
  return context;
}

Channel::Channel(const char* address, std::uint16_t port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  inet_pton(AF_INET, address, &peer.sin_addr);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0 || errno == EINPROGRESS) return;
  ::close(fd_);
  fd_ = -1;
}

Channel::~Channel() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Channel::description() const {
  if (!ssl_) return "plain";
  return std::string(SSL_get_version(ssl_.get())) + " " + SSL_get_cipher_name(ssl_.get()) + " " +
         group_name(ssl_.get());
}

void Channel::start_tls(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  records_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_.get(), BIO_new_socket(fd_, BIO_NOCLOSE), records_);
  SSL_set_connect_state(ssl_.get());
}

Io Channel::handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (flush() == Io::closed) return Io::closed;
  if (result == 1) return Io::done;
  return SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ ? Io::again : Io::closed;
}

Io Channel::receive(std::span<char> into, std::size_t& got) {
  got = 0;
  if (ssl_) {
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
    if (result == 1) return Io::done;
    return SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ ? Io::again : Io::closed;
  }
  const ssize_t result = ::recv(fd_, into.data(), into.size(), 0);
  if (result < 0) return errno == EAGAIN || errno == EINTR ? Io::again : Io::closed;
  got = static_cast<std::size_t>(result);
  return got > 0 ? Io::done : Io::closed;
}

Io Channel::send(std::string_view bytes) {
  if (ssl_) {
    std::size_t written = 0;
    if (!bytes.empty() && SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) != 1) return Io::closed;
    return flush();
  }
  if (!pending_.empty()) {
    pending_.append(bytes);
    return flush();
  }
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return Io::closed;
  const auto taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  pending_.assign(bytes.substr(taken));
  return pending_.empty() ? Io::done : Io::again;
}

void Channel::collect_records() {
  char* data = nullptr;
  const long size = BIO_ctrl(records_, BIO_CTRL_INFO, 0, &data);
  if (size <= 0) return;
  pending_.append(data, static_cast<std::size_t>(size));
  BIO_ctrl(records_, BIO_CTRL_RESET, 0, nullptr);
}

Io Channel::flush() {
  if (ssl_) collect_records();
  if (pending_.empty()) return Io::done;
  const ssize_t sent = ::send(fd_, pending_.data(), static_cast<std::size_t>(limited(pending_.size())), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? Io::again : Io::closed;
  pending_.erase(0, static_cast<std::size_t>(sent));
  return pending_.empty() ? Io::done : Io::again;
}

void Channel::say_goodbye() {
  if (!ssl_) return;
  SSL_shutdown(ssl_.get());
  flush();
}

}  // namespace uvb::bench
