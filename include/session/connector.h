#pragma once

#include <netinet/in.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/tcp_options.h"
#include "base/unique_fd.h"
#include "session/context.h"
#include "uv/poll.h"
#include "uv/resolver.h"

namespace uvb {

/// Where a server connection leads, for logs, SHOW and cancels.
struct ServerAddress {
  std::string host;  ///< the element of `host` used; a directory for a Unix socket
  int port = 0;
  bool is_unix = false;
  SocketAddress socket;
  std::string text;  ///< as in log prefixes: `1.2.3.4:5432`, `[::1]:5432`, `unix:5432`
};

/// Opens one non-blocking connection to a server of a database entry: picks the element of the host list, looks its
/// name up, connects. Destroying it gives up. Own thread only.
class Connector final : public PollListener {
 public:
  using Callback = std::function<void(Result<UniqueFd>)>;

  /// `callback` is called once, never from the constructor or start(); it may destroy the connector.
  Connector(SessionContext& context, std::shared_ptr<const DatabaseConfig> database,
            std::shared_ptr<DatabaseState> state, Callback callback);
  /// To a known address: cancels go to the very server they are for.
  Connector(SessionContext& context, ServerAddress address, Callback callback);
  ~Connector() override;

  void start();
  [[nodiscard]] const ServerAddress& address() const noexcept { return address_; }
  /// The error of an attempt is a name look-up that failed.
  [[nodiscard]] bool lookup_failed() const noexcept { return lookup_failed_; }
  [[nodiscard]] bool connected() const noexcept { return connected_; }

  void on_ready(Readiness ready, bool error) noexcept override;

 private:
  void choose_host();
  void on_addresses(std::vector<SocketAddress> found, const std::string& error);
  void connect();
  void finish(Result<UniqueFd> result);
  void finish_later(std::string error);

  SessionContext& context_;
  std::shared_ptr<const DatabaseConfig> database_;
  std::shared_ptr<DatabaseState> state_;
  ServerAddress address_;
  Callback callback_;
  UniqueFd fd_;
  std::optional<Poll> poll_;
  bool lookup_failed_ = false;
  bool connected_ = false;
  /// Lets a late name look-up find out that nobody waits for it any more.
  std::shared_ptr<Connector*> self_;
};

/// The tcp_* settings.
TcpOptions tcp_options(const Settings& settings);

/// Socket address of a Unix socket `directory`/.s.PGSQL.`port`; a leading `@` makes it abstract.
SocketAddress unix_address(const std::string& directory, int port);
/// `1.2.3.4:5432`, `[::1]:5432`.
std::string printable(const SocketAddress& address);
std::string printable_ip(const SocketAddress& address);
/// What is sent there does not leave the machine; true for Unix sockets, too.
bool is_loopback(const SocketAddress& address);
int port_of(const SocketAddress& address);
/// A TCP address as one of any family; `address` can hold an IPv4 one, as its family says.
SocketAddress socket_address(const sockaddr_in6& address);
/// Our end of a connected socket.
SocketAddress local_address(int descriptor);

}  // namespace uvb
