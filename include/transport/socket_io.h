#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "transport/transport.h"

namespace uvb {

/// What one system call on a non-blocking socket moved.
struct SocketResult {
  IoStatus status;
  std::size_t count = 0;
  int error = 0;  ///< errno when failed
};

/// One recv(); `into` must not be empty (0 bytes mean the end of the stream).
SocketResult receive_some(int descriptor, ByteSpan into) noexcept;
/// One sendmsg() of as many pieces as the system takes; ok also when only a part went. Never raises SIGPIPE.
SocketResult send_some(int descriptor, std::span<const iovec> pieces) noexcept;
SocketResult send_some(int descriptor, ByteView bytes) noexcept;

}  // namespace uvb
