#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace uvb::test {

/// Two connected sockets: ours goes to a transport, theirs is played by the test. Both non-blocking.
class SocketPair {
 public:
  SocketPair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets_.data()) != 0)
      throw std::runtime_error("socketpair");
  }
  SocketPair(SocketPair&& other) noexcept : sockets_(std::exchange(other.sockets_, {-1, -1})) {}
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  ~SocketPair() {
    for (const int socket : sockets_) {
      if (socket >= 0) ::close(socket);
    }
  }

  /// Over loopback, where a connection can be reset.
  static SocketPair tcp() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    SocketPair pair(-1, ::socket(AF_INET, SOCK_STREAM, 0));
    if (::bind(listener, generic, size) != 0 || ::listen(listener, 1) != 0) throw std::runtime_error("listen");
    ::getsockname(listener, generic, &size);
    if (::connect(pair.sockets_[1], generic, size) != 0) throw std::runtime_error("connect");
    pair.sockets_[0] = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    ::close(listener);
    ::fcntl(pair.sockets_[1], F_SETFL, O_NONBLOCK);
    return pair;
  }

  int take_ours() { return std::exchange(sockets_[0], -1); }
  int theirs() const { return sockets_[1]; }

  void send(std::string_view text) const {
    if (::send(sockets_[1], text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("send");
    }
  }
  /// Everything that is there now.
  std::string receive() const {
    std::string text;
    std::array<char, 65536> into;
    ssize_t count = 0;
    while ((count = ::recv(sockets_[1], into.data(), into.size(), 0)) > 0)
      text.append(into.data(), static_cast<std::size_t>(count));
    return text;
  }
  void close_theirs() { ::close(std::exchange(sockets_[1], -1)); }
  void reset_theirs() {
    const linger at_once{1, 0};
    ::setsockopt(sockets_[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close_theirs();
  }

 private:
  SocketPair(int ours, int theirs) : sockets_{ours, theirs} {}
  std::array<int, 2> sockets_{-1, -1};
};

inline iovec piece_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

/// `size` bytes that differ from place to place.
inline std::string counted(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 7 + i / 251) & 0xff);
  return text;
}

}  // namespace uvb::test
