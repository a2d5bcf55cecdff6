#include "transport/socket_io.h"

#include <limits.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace uvb {

namespace {

SocketResult from_errno() noexcept {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {.status = IoStatus::blocked};
  return {.status = IoStatus::failed, .error = errno};
}

/// The system call again while signals interrupt it. Where it counts it is made without the C library's function, which
/// in a program of several threads makes each call a cancellation point, at the price of four atomic operations.
template <class Call>
ssize_t uninterrupted(Call call) noexcept {
  ssize_t count = 0;
  do {
    count = call();
  } while (count < 0 && errno == EINTR);
  return count;
}

SocketResult sent(ssize_t count) noexcept {
  if (count < 0) return from_errno();
  return {.status = IoStatus::ok, .count = static_cast<std::size_t>(count)};
}

}  // namespace

SocketResult receive_some(int descriptor, ByteSpan into) noexcept {
  const ssize_t count = uninterrupted(
      [&] { return ::syscall(SYS_recvfrom, descriptor, into.data(), into.size(), MSG_DONTWAIT, nullptr, nullptr); });
  if (count < 0) return from_errno();
  if (count == 0) return {.status = IoStatus::closed};
  return {.status = IoStatus::ok, .count = static_cast<std::size_t>(count)};
}

SocketResult send_some(int descriptor, std::span<const iovec> pieces) noexcept {
  if (pieces.size() == 1) return send_some(descriptor, as_bytes(pieces.front()));
  msghdr message{};
  // sendmsg() does not write to the pieces; its structure is shared with recvmsg().
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = std::min<std::size_t>(pieces.size(), IOV_MAX);
  return sent(uninterrupted([&] { return ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL); }));
}

SocketResult send_some(int descriptor, ByteView bytes) noexcept {
  // Cheaper than sendmsg() by what the kernel copies and checks of its structures.
  return sent(uninterrupted([&] {
    return ::syscall(SYS_sendto, descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
  }));
}

}  // namespace uvb
