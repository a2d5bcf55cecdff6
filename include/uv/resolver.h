#pragma once

#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "uv/loop.h"

namespace uvb {

/// A socket address of any family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Looks up the addresses of `host` in the thread pool and calls back on the loop's thread; an empty list and the
/// reason when there are none. Literal addresses come back too. The callback must not outlive what it captures: capture
/// ids, not pointers.
void resolve(Loop& loop, const std::string& host, int port,
             std::function<void(std::vector<SocketAddress>, std::string error)> callback);

}  // namespace uvb
