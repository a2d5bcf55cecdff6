#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/tcp_options.h"
#include "base/unique_fd.h"

namespace uvb {

/// The settings that decide where clients are awaited (settings.md 3). All are restart-only but defer_accept.
struct ListenOptions {
  std::string listen_addr;  ///< comma-separated; `*`: every IPv4 and IPv6 address; empty: no TCP
  int listen_port = 6432;
  int listen_backlog = 128;
  bool so_reuseport = false;
  bool tcp_defer_accept = true;
  TcpOptions tcp;
  std::string unix_socket_dir = "/tmp";  ///< `@name`: abstract; empty: no Unix socket
  int unix_socket_mode = 0777;
  std::string unix_socket_group;  ///< name or number; empty: as the system has it
};

/// One listening socket: non-blocking, close-on-exec. A Unix socket's file is removed together with the object,
/// by the process that made it. Move-only.
class ListenSocket {
 public:
  ListenSocket(UniqueFd fd, bool is_unix, std::string address, std::string file);
  ListenSocket(ListenSocket&&) noexcept;
  ListenSocket& operator=(ListenSocket&&) noexcept;
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;
  ~ListenSocket();

  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
  [[nodiscard]] bool is_unix() const noexcept { return is_unix_; }
  /// `1.2.3.4:6432`, `[::]:6432`, `unix:/dir/.s.PGSQL.6432`, `unix:@...`: as in `listening on ...`.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  /// Stops listening and removes the file, now.
  void close() noexcept;

 private:
  UniqueFd fd_;
  bool is_unix_;
  std::string address_;
  std::string file_;  // of a Unix socket that is not abstract; empty otherwise
  pid_t maker_;
};

/// `DIR/.s.PGSQL.PORT`; with an abstract directory it keeps the leading `@`. Empty when there is no directory.
[[nodiscard]] std::string unix_socket_path(const std::string& directory, int port);

/// Start-up check before anything is changed: error `unix socket is in use, cannot continue` when something
/// accepts connections on our Unix socket.
[[nodiscard]] Status check_unix_socket_free(const ListenOptions& options);

/// Opens everything the options name and logs `listening on ADDRESS` for each. An address that cannot be bound is a
/// WARNING unless none could be; the Unix socket, when asked for, must succeed. Blocks on name resolution: start-up
/// only. Errors are the FATAL texts of admin-console.md 4.2.
[[nodiscard]] Result<std::vector<ListenSocket>> open_listen_sockets(const ListenOptions& options, Log& log);

/// RELOAD changed tcp_defer_accept: sets or clears it on a listening socket; without effect on Unix sockets.
void set_defer_accept(const ListenSocket& socket, bool on, Log& log);

}  // namespace uvb
