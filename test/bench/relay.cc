// Passes bytes between clients and servers, one to one, and looks at none of them: what a pooler would cost if it did
// nothing. Sockets block, so it is for load generators that read what they are sent, one at a time.
//
//   relay PORT SOCKET-PATH CERTIFICATE KEY

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "wire.h"

namespace uvb::bench {
namespace {

constexpr std::size_t kSslRequestBytes = 8;
constexpr std::size_t kReadBytes = 64 * 1024;

struct Pair;

struct End {
  Pair& pair;
  int fd;
  SSL* ssl = nullptr;
};

struct Pair {
  Pair(int client_fd, int server_fd) : client{*this, client_fd}, server{*this, server_fd} {}
  [[nodiscard]] End& opposite(const End& end) noexcept { return &end == &client ? server : client; }

  End client;
  End server;
  bool greeted = false;  ///< it is known whether the client wants TLS
  bool closed = false;
};

class Relay {
 public:
  Relay(int listener, const char* servers, SSL_CTX* tls)
      : listener_(listener), servers_(servers), tls_(tls), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadBytes) {
    watch(listener, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto* end = static_cast<End*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (end == nullptr) {
          accept_one();
        } else if (!end->pair.closed && !serve(*end)) {
          close_pair(end->pair);
        }
      }
      gone_.clear();
    }
  }

 private:
  void watch(int fd, End* end) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = end;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, servers_, sizeof address.sun_path - 1);
    if (client < 0 || connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      std::perror("relay");
      std::exit(1);
    }
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto* pair = new Pair(client, server);
    watch(client, &pair->client);
    watch(server, &pair->server);
  }

  bool serve(End& end) {
    if (&end == &end.pair.client && !end.pair.greeted) return greet(end);
    End& other = end.pair.opposite(end);
    do {
      const long got = end.ssl != nullptr ? SSL_read(end.ssl, buffer_.data(), static_cast<int>(buffer_.size()))
                                          : recv(end.fd, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return false;
      const auto size = static_cast<std::size_t>(got);
      const long sent = other.ssl != nullptr ? SSL_write(other.ssl, buffer_.data(), static_cast<int>(got))
                                             : send(other.fd, buffer_.data(), size, MSG_NOSIGNAL);
      if (sent != got) return false;
    } while (end.ssl != nullptr && SSL_has_pending(end.ssl) != 0);
    return true;
  }

  bool greet(End& end) {
    std::array<char, kSslRequestBytes> first{};
    if (recv(end.fd, first.data(), first.size(), MSG_PEEK) != static_cast<ssize_t>(first.size())) return false;
    end.pair.greeted = true;
    if (load_u32(first.data() + 4) != kSslRequest) return serve(end);
    if (recv(end.fd, first.data(), first.size(), 0) < 0 || send(end.fd, "S", 1, MSG_NOSIGNAL) != 1) return false;
    end.ssl = SSL_new(tls_);
    SSL_set_fd(end.ssl, end.fd);
    if (SSL_accept(end.ssl) != 1) return false;
    return SSL_has_pending(end.ssl) == 0 || serve(end);
  }

  void close_pair(Pair& pair) {
    SSL_free(pair.client.ssl);
    close(pair.client.fd);
    close(pair.server.fd);
    pair.closed = true;
    // Events of this turn may still point to it.
    gone_.emplace_back(&pair);
  }

  int listener_;
  const char* servers_;
  SSL_CTX* tls_;
  int epoll_;
  std::vector<char> buffer_;
  std::vector<std::unique_ptr<Pair>> gone_;
};

int listen_on(const char* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 128) != 0) return -1;
  return fd;
}

SSL_CTX* make_tls_context(const char* certificate, const char* key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1) return nullptr;
  if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) return nullptr;
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, nullptr);
  return context;
}

}  // namespace
}  // namespace uvb::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s PORT SOCKET-PATH CERTIFICATE KEY\n", argv[0]);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  const int listener = uvb::bench::listen_on(argv[1]);
  SSL_CTX* tls = uvb::bench::make_tls_context(argv[3], argv[4]);
  if (listener < 0 || tls == nullptr) {
    std::fprintf(stderr, "%s: cannot listen on port %s or use the certificate\n", argv[0], argv[1]);
    return 1;
  }
  uvb::bench::Relay(listener, argv[2], tls).run();
}
