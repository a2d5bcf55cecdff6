#include "control/listen_sockets.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace uvb {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

struct AddressListDeleter {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

bool is_abstract(std::string_view path) { return path.starts_with('@'); }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string> address_items(std::string_view list) {
  std::vector<std::string> items;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const auto item = trimmed(list.substr(0, comma)); !item.empty()) items.emplace_back(item);
    list = comma == list.npos ? std::string_view{} : list.substr(comma + 1);
  }
  return items;
}

std::string printable(const sockaddr* address, int port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, address, sizeof in6);
    ::inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, port);
  }
  sockaddr_in in{};
  std::memcpy(&in, address, sizeof in);
  ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
  return fmt::format("{}:{}", text, port);
}

/// The port the kernel chose when 0 was asked for.
int bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  in_port_t port = 0;
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  std::memcpy(&port, reinterpret_cast<const char*>(&address) + offsetof(sockaddr_in, sin_port), sizeof port);
  return ntohs(port);
}

Error failed(std::string_view call) { return Error{fmt::format("{}: {}", call, std::strerror(errno))}; }

Status set_flag(int fd, int level, int option, std::string_view word) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) == 0) return Done{};
  return failed(fmt::format("setsockopt({})", word));
}

/// Tried one after the other, so that the first failure is the one that is told.
Status prepare_tcp(int fd, int family, const ListenOptions& options) {
  if (Status set = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"); !set) return set;
  if (options.so_reuseport) {
    if (Status set = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"); !set) return set;
  }
  if (family == AF_INET6) {
    if (Status set = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"); !set) return set;
  }
  return tune_socket(fd, options.tcp);
}

Result<UniqueFd> open_tcp(const addrinfo& address, const ListenOptions& options) {
  UniqueFd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket()");
  if (Status prepared = prepare_tcp(fd.get(), address.ai_family, options); !prepared) return prepared.error();
  if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0) return failed("bind()");
  if (::listen(fd.get(), options.listen_backlog) != 0) return failed("listen()");
  return fd;
}

Result<AddressList> resolve(const std::string& item, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string service = std::to_string(port);
  const int code = ::getaddrinfo(item == "*" ? nullptr : item.c_str(), service.c_str(), &hints, &list);
  if (code == 0) return AddressList(list);
  return Error{fmt::format("getaddrinfo('{}', '{}') = {} [{}]", item, port, ::gai_strerror(code), code)};
}

void open_addresses(const addrinfo* list, const ListenOptions& options, Log& log, std::vector<ListenSocket>& sockets) {
  for (; list != nullptr; list = list->ai_next) {
    if (list->ai_family != AF_INET && list->ai_family != AF_INET6) continue;
    auto fd = open_tcp(*list, options);
    if (!fd) {
      log.warning(
          fmt::format("cannot listen on {}: {}", printable(list->ai_addr, options.listen_port), fd.error().message));
      continue;
    }
    std::string address = printable(list->ai_addr, bound_port(fd->get()));
    sockets.emplace_back(std::move(fd).value(), false, std::move(address), std::string());
    if (options.tcp_defer_accept) set_defer_accept(sockets.back(), true, log);
    log.log(fmt::format("listening on {}", sockets.back().address()));
  }
}

Status open_all_tcp(const ListenOptions& options, Log& log, std::vector<ListenSocket>& sockets) {
  const std::vector<std::string> items = address_items(options.listen_addr);
  for (const std::string& item : items) {
    const auto list = resolve(item, options.listen_port);
    if (!list) return list.error();
    open_addresses(list->get(), options, log, sockets);
  }
  if (!items.empty() && sockets.empty()) {
    return Error{fmt::format("failed to listen on any address in listen_addr list: {}", options.listen_addr)};
  }
  return Done{};
}

struct UnixAddress {
  sockaddr_un name{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

/// Nothing when the path is longer than the kernel's structure.
std::optional<UnixAddress> unix_address(const std::string& path) {
  UnixAddress address;
  address.name.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.name.sun_path) return std::nullopt;
  std::memcpy(address.name.sun_path, path.c_str(), path.size() + 1);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  if (is_abstract(path)) {
    address.name.sun_path[0] = '\0';
    --address.size;  // an abstract name has no end mark; every byte counts
  }
  return address;
}

Result<gid_t> find_group(const std::string& name) {
  std::vector<char> memory(1024);
  group entry{};
  group* found = nullptr;
  int code = 0;
  while ((code = ::getgrnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found)) == ERANGE) {
    memory.resize(memory.size() * 2);
  }
  if (found != nullptr) return entry.gr_gid;
  gid_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size()) return number;
  return Error{fmt::format("could not find group '{}': {}", name, code == 0 ? "no such group" : std::strerror(code))};
}

Status give_access(const std::string& path, const ListenOptions& options) {
  if (!options.unix_socket_group.empty()) {
    const auto owner = find_group(options.unix_socket_group);
    if (!owner) return owner.error();
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *owner) != 0) return failed("chown()");
  }
  if (::chmod(path.c_str(), static_cast<mode_t>(options.unix_socket_mode)) != 0) return failed("chmod()");
  return Done{};
}

Result<ListenSocket> open_unix(const std::string& path, const ListenOptions& options) {
  const auto address = unix_address(path);
  if (!address) return Error{"the path is too long for a Unix socket"};
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket()");
  // check_unix_socket_free() has found nobody there: what lies in the way is dead.
  if (!is_abstract(path)) ::unlink(path.c_str());
  if (::bind(fd.get(), address->get(), address->size) != 0) return failed("bind()");
  ListenSocket socket(std::move(fd), true, "unix:" + path, is_abstract(path) ? std::string() : path);
  if (!is_abstract(path)) {
    if (Status given = give_access(path, options); !given) return given.error();
  }
  if (::listen(socket.descriptor(), options.listen_backlog) != 0) return failed("listen()");
  return socket;
}

Status open_only_unix(const ListenOptions& options, Log& log, std::vector<ListenSocket>& sockets) {
  const std::string path = unix_socket_path(options.unix_socket_dir, options.listen_port);
  if (path.empty()) return Done{};
  if (!is_abstract(path) && ::access((path + ".lock").c_str(), F_OK) == 0) {
    return Error{fmt::format("unix port {} is in use", options.listen_port)};
  }
  auto socket = open_unix(path, options);
  if (!socket) {
    log.error(fmt::format("cannot listen on unix:{}: {}", path, socket.error().message));
    return Error{"failed to create unix socket"};
  }
  sockets.push_back(std::move(socket).value());
  log.log(fmt::format("listening on {}", sockets.back().address()));
  return Done{};
}

}  // namespace

ListenSocket::ListenSocket(UniqueFd fd, bool is_unix, std::string address, std::string file)
    : fd_(std::move(fd)), is_unix_(is_unix), address_(std::move(address)), file_(std::move(file)), maker_(::getpid()) {}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::move(other.fd_)),
      is_unix_(other.is_unix_),
      address_(std::exchange(other.address_, {})),
      file_(std::exchange(other.file_, {})),
      maker_(other.maker_) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::move(other.fd_);
    is_unix_ = other.is_unix_;
    address_ = std::exchange(other.address_, {});
    file_ = std::exchange(other.file_, {});
    maker_ = other.maker_;
  }
  return *this;
}

ListenSocket::~ListenSocket() { close(); }

void ListenSocket::close() noexcept {
  fd_.reset();
  if (!file_.empty() && maker_ == ::getpid()) ::unlink(file_.c_str());
  file_.clear();
}

std::string unix_socket_path(const std::string& directory, int port) {
  if (directory.empty()) return {};
  return fmt::format("{}/.s.PGSQL.{}", directory, port);
}

Status check_unix_socket_free(const ListenOptions& options) {
  const std::string path = unix_socket_path(options.unix_socket_dir, options.listen_port);
  const auto address = unix_address(path);
  if (path.empty() || !address) return Done{};
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("socket()");
  // EAGAIN: somebody listens there with a full queue.
  if (::connect(fd.get(), address->get(), address->size) == 0 || errno == EAGAIN) {
    return Error{"unix socket is in use, cannot continue"};
  }
  return Done{};
}

Result<std::vector<ListenSocket>> open_listen_sockets(const ListenOptions& options, Log& log) {
  std::vector<ListenSocket> sockets;
  if (Status opened = open_all_tcp(options, log, sockets); !opened) return opened.error();
  if (Status opened = open_only_unix(options, log, sockets); !opened) return opened.error();
  if (sockets.empty()) return Error{"nowhere to listen on"};
  return sockets;
}

void set_defer_accept(const ListenSocket& socket, bool on, Log& log) {
  if (socket.is_unix()) return;
  const int value = on ? 1 : 0;
  if (::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &value, sizeof value) == 0) return;
  log.warning(fmt::format("setsockopt(TCP_DEFER_ACCEPT, {}) failed: {}", socket.descriptor(), std::strerror(errno)));
}

}  // namespace uvb
