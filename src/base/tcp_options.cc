#include "base/tcp_options.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace uvb {
namespace {

struct Option {
  int level;
  int name;
  int value;
  bool wanted;
  std::string_view word;
};

}  // namespace

Status tune_socket(int fd, const TcpOptions& options) {
  const bool alive = options.keepalive;
  const Option wanted[] = {
      {IPPROTO_TCP, TCP_NODELAY, 1, true, "TCP_NODELAY"},
      {SOL_SOCKET, SO_KEEPALIVE, alive ? 1 : 0, true, "SO_KEEPALIVE"},
      {IPPROTO_TCP, TCP_KEEPCNT, options.keepcnt, alive && options.keepcnt > 0, "TCP_KEEPCNT"},
      {IPPROTO_TCP, TCP_KEEPIDLE, options.keepidle, alive && options.keepidle > 0, "TCP_KEEPIDLE"},
      {IPPROTO_TCP, TCP_KEEPINTVL, options.keepintvl, alive && options.keepintvl > 0, "TCP_KEEPINTVL"},
      {IPPROTO_TCP, TCP_USER_TIMEOUT, options.user_timeout_ms, options.user_timeout_ms > 0, "TCP_USER_TIMEOUT"},
      {SOL_SOCKET, SO_SNDBUF, options.socket_buffer, options.socket_buffer > 0, "SO_SNDBUF"},
      {SOL_SOCKET, SO_RCVBUF, options.socket_buffer, options.socket_buffer > 0, "SO_RCVBUF"},
  };
  for (const Option& option : wanted) {
    if (!option.wanted) continue;
    if (::setsockopt(fd, option.level, option.name, &option.value, sizeof option.value) != 0) {
      return Error{fmt::format("setsockopt({}, {}) failed: {}", option.word, fd, std::strerror(errno))};
    }
  }
  return Done{};
}

}  // namespace uvb
