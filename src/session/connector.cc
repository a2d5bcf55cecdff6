#include "session/connector.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace uvb {

namespace {

bool is_socket_directory(const std::string& host) { return host.starts_with('/') || host.starts_with('@'); }

}  // namespace

TcpOptions tcp_options(const Settings& settings) {
  TcpOptions options;
  options.keepalive = settings.tcp_keepalive;
  options.keepcnt = settings.tcp_keepcnt;
  options.keepidle = settings.tcp_keepidle;
  options.keepintvl = settings.tcp_keepintvl;
  options.socket_buffer = settings.tcp_socket_buffer;
  options.user_timeout_ms = settings.tcp_user_timeout;
  return options;
}

SocketAddress unix_address(const std::string& directory, int port) {
  SocketAddress address;
  auto* target = reinterpret_cast<sockaddr_un*>(&address.storage);
  target->sun_family = AF_UNIX;
  const std::string path = fmt::format("{}/.s.PGSQL.{}", directory, port);
  const std::size_t size = std::min(path.size(), sizeof target->sun_path - 1);
  std::memcpy(target->sun_path, path.data(), size);
  if (directory.starts_with('@')) target->sun_path[0] = '\0';
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size + (directory.starts_with('@') ? 0 : 1));
  return address;
}

std::string printable_ip(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr, text, sizeof text);
  } else if (address.storage.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr, text, sizeof text);
  } else {
    return "unix";
  }
  return text;
}

bool is_loopback(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET6) {
    const in6_addr& ip = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&ip) || (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == IN_LOOPBACKNET);
  }
  if (address.storage.ss_family != AF_INET) return true;
  return ntohl(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

SocketAddress socket_address(const sockaddr_in6& address) {
  SocketAddress whole;
  std::memcpy(&whole.storage, &address, sizeof address);
  whole.size = address.sin6_family == AF_INET ? sizeof(sockaddr_in) : sizeof address;
  return whole;
}

SocketAddress local_address(int descriptor) {
  SocketAddress address;
  address.size = sizeof address.storage;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address;
}

int port_of(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  if (address.storage.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
  return 0;
}

std::string printable(const SocketAddress& address) {
  const char* format = address.storage.ss_family == AF_INET6 ? "[{}]:{}" : "{}:{}";
  return fmt::format(fmt::runtime(format), printable_ip(address), port_of(address));
}

Connector::Connector(SessionContext& context, std::shared_ptr<const DatabaseConfig> database,
                     std::shared_ptr<DatabaseState> state, Callback callback)
    : context_(context),
      database_(std::move(database)),
      state_(std::move(state)),
      callback_(std::move(callback)),
      self_(std::make_shared<Connector*>(this)) {
  address_.port = database_->port;
}

Connector::Connector(SessionContext& context, ServerAddress address, Callback callback)
    : context_(context),
      address_(std::move(address)),
      callback_(std::move(callback)),
      self_(std::make_shared<Connector*>(this)) {}

Connector::~Connector() { *self_ = nullptr; }

void Connector::start() {
  if (!database_) {
    connect();
    return;
  }
  choose_host();
  if (address_.host.empty()) {
    finish_later(fmt::format("unix socket dir not configured: {}", database_->name));
    return;
  }
  if (is_socket_directory(address_.host)) {
    address_.is_unix = true;
    address_.socket = unix_address(address_.host, address_.port);
    address_.text = fmt::format("unix:{}", address_.port);
    connect();
    return;
  }
  resolve(context_.loop, address_.host, address_.port,
          [self = self_](std::vector<SocketAddress> found, const std::string& error) {
            if (*self != nullptr) (*self)->on_addresses(std::move(found), error);
          });
}

void Connector::choose_host() {
  const std::vector<std::string> hosts = database_->hosts();
  if (hosts.empty()) {
    address_.host = context_.settings().unix_socket_dir;
    return;
  }
  const std::uint32_t place = database_->load_balance_hosts == LoadBalanceHosts::round_robin
                                  ? state_->next_host.fetch_add(1, std::memory_order_relaxed)
                                  : state_->next_host.load(std::memory_order_relaxed);
  address_.host = hosts[place % hosts.size()];
}

void Connector::on_addresses(std::vector<SocketAddress> found, const std::string& error) {
  if (found.empty()) {
    lookup_failed_ = true;
    context_.log.warning(fmt::format("DNS lookup failed: {}: {}", address_.host, error));
    finish(Error{"server DNS lookup failed"});
    return;
  }
  // Several addresses of one name share the load, as elements of a list do.
  const std::size_t place =
      found.size() == 1 ? 0 : state_->next_host.fetch_add(1, std::memory_order_relaxed) % found.size();
  address_.socket = found[place];
  address_.text = printable(address_.socket);
  connect();
}

void Connector::connect() {
  const int family = address_.socket.storage.ss_family;
  fd_.reset(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_.valid()) {
    finish_later(fmt::format("connect failed: socket(): {}", std::strerror(errno)));
    return;
  }
  if (family != AF_UNIX) {
    if (const Status tuned = tune_socket(fd_.get(), tcp_options(context_.settings())); !tuned) {
      finish_later(tuned.error().message);
      return;
    }
  }
  const int status =
      ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address_.socket.storage), address_.socket.size);
  if (status != 0 && errno != EINPROGRESS) {
    context_.log.warning(fmt::format("connect failed to {}: {}", address_.text, std::strerror(errno)));
    finish_later("connect failed");
    return;
  }
  poll_.emplace(context_.loop, fd_.get(), *this, Readiness{.writable = true});
}

void Connector::on_ready(Readiness /*ready*/, bool /*error*/) noexcept {
  int failure = 0;
  socklen_t size = sizeof failure;
  getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
  poll_.reset();
  if (failure != 0) {
    context_.log.warning(fmt::format("connect failed to {}: {}", address_.text, std::strerror(failure)));
    finish(Error{"connect failed"});
    return;
  }
  connected_ = true;
  finish(std::move(fd_));
}

void Connector::finish(Result<UniqueFd> result) {
  // The callback may destroy this object, and with it the callback itself.
  const Callback callback = std::move(callback_);
  if (!result && state_ && database_ && database_->load_balance_hosts == LoadBalanceHosts::disable) {
    state_->next_host.fetch_add(1, std::memory_order_relaxed);
  }
  callback(std::move(result));
}

void Connector::finish_later(std::string error) {
  class Later final : public Work {
   public:
    Later(std::shared_ptr<Connector*> self, std::string error) : self_(std::move(self)), error_(std::move(error)) {}
    bool run() noexcept override { return true; }
    void done() noexcept override {
      if (*self_ != nullptr) (*self_)->finish(Error{error_});
    }

   private:
    std::shared_ptr<Connector*> self_;
    std::string error_;
  };
  fd_.reset();
  context_.crypto.submit(std::make_unique<Later>(self_, std::move(error)));
}

}  // namespace uvb
