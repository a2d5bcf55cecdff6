#pragma once

#include "base/result.h"

namespace uvb {

/// The `tcp_*` settings that apply to every TCP socket when it is created (settings.md 3). 0 leaves the
/// kernel's value alone.
struct TcpOptions {
  bool keepalive = true;  ///< false takes SO_KEEPALIVE away and ignores the next three
  int keepcnt = 0;
  int keepidle = 0;         ///< seconds
  int keepintvl = 0;        ///< seconds
  int socket_buffer = 0;    ///< bytes, for SO_SNDBUF and SO_RCVBUF
  int user_timeout_ms = 0;  ///< milliseconds
};

/// Applies the options and TCP_NODELAY to a TCP socket: accepted, connecting or listening. An error names the
/// option (`setsockopt(TCP_KEEPIDLE, 9) failed: ...`); the connection is then to be dropped. Not for Unix sockets.
[[nodiscard]] Status tune_socket(int fd, const TcpOptions& options);

}  // namespace uvb
