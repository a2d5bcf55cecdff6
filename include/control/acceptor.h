#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/unique_fd.h"
#include "control/listen_sockets.h"
#include "session/client.h"
#include "uv/loop.h"
#include "uv/poll.h"
#include "uv/timer.h"

namespace uvb {

/// Takes connections from the listening sockets. Control thread.
class Acceptor {
 public:
  using OnClient = std::function<void(UniqueFd, std::unique_ptr<ClientAddress>)>;

  Acceptor(Loop& loop, Log& log, std::vector<ListenSocket> sockets, OnClient on_client);
  ~Acceptor();

  /// SHUTDOWN WAIT_*: new TCP connections are refused by the system from now on; the Unix socket stays for consoles.
  void close_tcp();
  /// Applies to connections accepted from now on.
  void set_options(const TcpOptions& options) { options_ = options; }
  /// tcp_defer_accept of the TCP sockets that are still open; whoever opened them has set the first value.
  void set_defer_accept(bool on);

 private:
  class Watched;
  void accept_from(const ListenSocket& socket);
  void rest();
  void watch_all(bool readable);

  Loop& loop_;
  Log& log_;
  OnClient on_client_;
  TcpOptions options_;
  std::vector<std::unique_ptr<Watched>> sockets_;
  Timer rest_timer_;
};

}  // namespace uvb
