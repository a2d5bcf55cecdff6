// A PostgreSQL server that answers at once, so that a benchmark sees the pooler in front of it and little else.
// One thread, one read and one write per burst, rows sent from ready-made blocks.
//
//   backend SOCKET-PATH

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend_session.h"

namespace uvb::bench {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr int kStreamSendsPerTurn = 4;

struct Connection {
  explicit Connection(RowBlocks& blocks) : session(blocks) {}
  BackendSession session;
  bool watching_writes = false;
};

class Server {
 public:
  explicit Server(int listener) : epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listener), buffer_(kReadBytes) {
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 128> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == listener_) {
          accept_all();
        } else if (!serve(event.data.fd, event.events)) {
          close(event.data.fd);
          connections_.erase(event.data.fd);
        }
      }
    }
  }

 private:
  void watch(int fd, std::uint32_t mask, int operation) const {
    epoll_event event{};
    event.events = mask;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      connections_.emplace(fd, std::make_unique<Connection>(blocks_));
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  bool serve(int fd, std::uint32_t mask) {
    auto& connection = *connections_.at(fd);
    if ((mask & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !receive(fd, connection.session)) return false;
    if (!send_pending(fd, connection.session)) return false;
    const bool waiting = !connection.session.out().empty() || connection.session.streaming();
    if (waiting != connection.watching_writes) {
      connection.watching_writes = waiting;
      watch(fd, waiting ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }
    return true;
  }

  bool receive(int fd, BackendSession& session) {
    const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    return got > 0 && session.feed({buffer_.data(), static_cast<std::size_t>(got)});
  }

  /// False when the connection is lost; true also when the socket takes no more for now.
  static bool send_pending(int fd, BackendSession& session) {
    for (int sends = 0; sends < kStreamSendsPerTurn; ++sends) {
      const bool from_out = !session.out().empty();
      if (!from_out && !session.streaming()) return true;
      const std::string_view piece = from_out ? std::string_view(session.out()) : session.stream_piece();
      const ssize_t sent = send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EINTR;
      const auto count = static_cast<std::size_t>(sent);
      if (from_out) {
        session.out().erase(0, count);
      } else if (!session.stream_sent(count)) {
        return false;
      }
      if (count < piece.size()) return true;
    }
    return true;
  }

  int epoll_;
  int listener_;
  std::vector<char> buffer_;
  RowBlocks blocks_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

int listen_on(const char* path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof address.sun_path) return -1;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  unlink(path);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  if (chmod(path, 0777) != 0 || listen(fd, 1024) != 0) return -1;
  return fd;
}

}  // namespace
}  // namespace uvb::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s SOCKET-PATH\n", argv[0]);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  const int listener = uvb::bench::listen_on(argv[1]);
  if (listener < 0) {
    std::fprintf(stderr, "%s: cannot listen on %s: %s\n", argv[0], argv[1], std::strerror(errno));
    return 1;
  }
  uvb::bench::Server(listener).run();
}
