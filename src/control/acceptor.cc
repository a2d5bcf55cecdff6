#include "control/acceptor.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "session/connector.h"

namespace uvb {

namespace {

constexpr int kAcceptsPerTurn = 64;
// How long accepting pauses when the system has no descriptors left (behaviour.md 1.8).
constexpr std::chrono::seconds kRest{5};

std::unique_ptr<ClientAddress> describe(int descriptor, bool is_unix, const SocketAddress& remote) {
  auto address = std::make_unique<ClientAddress>();
  address->is_unix = is_unix;
  if (!is_unix) {
    std::memcpy(&address->remote, &remote.storage, sizeof address->remote);
    return address;
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
    address->unix_pid = peer.pid;
    address->unix_uid = peer.uid;
  }
  return address;
}

}  // namespace

/// One listening socket and its place in the loop.
class Acceptor::Watched final : public PollListener {
 public:
  Watched(Acceptor& acceptor, ListenSocket socket)
      : acceptor_(acceptor),
        socket_(std::move(socket)),
        poll_(acceptor.loop_, socket_.descriptor(), *this, {.readable = true}) {}
  void watch(bool readable) { poll_.watch({.readable = readable}); }
  [[nodiscard]] const ListenSocket& socket() const { return socket_; }
  void on_ready(Readiness /*ready*/, bool /*error*/) noexcept override { acceptor_.accept_from(socket_); }

 private:
  Acceptor& acceptor_;
  ListenSocket socket_;
  Poll poll_;
};

Acceptor::Acceptor(Loop& loop, Log& log, std::vector<ListenSocket> sockets, OnClient on_client)
    : loop_(loop), log_(log), on_client_(std::move(on_client)), rest_timer_(loop, [this] { watch_all(true); }) {
  for (ListenSocket& socket : sockets) sockets_.push_back(std::make_unique<Watched>(*this, std::move(socket)));
}

Acceptor::~Acceptor() = default;

void Acceptor::close_tcp() {
  std::erase_if(sockets_, [](const auto& socket) { return !socket->socket().is_unix(); });
}

void Acceptor::set_defer_accept(bool on) {
  for (const auto& socket : sockets_) uvb::set_defer_accept(socket->socket(), on, log_);
}

void Acceptor::watch_all(bool readable) {
  for (const auto& socket : sockets_) socket->watch(readable);
}

void Acceptor::rest() {
  log_.error(fmt::format("accept() failed: {}", std::strerror(errno)));
  watch_all(false);
  rest_timer_.start_once(kRest);
}

void Acceptor::accept_from(const ListenSocket& socket) {
  for (int count = 0; count < kAcceptsPerTurn; ++count) {
    SocketAddress remote;
    remote.size = sizeof remote.storage;
    UniqueFd fd(accept4(socket.descriptor(), reinterpret_cast<sockaddr*>(&remote.storage), &remote.size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return;
      return rest();
    }
    if (!socket.is_unix()) {
      if (const Status tuned = tune_socket(fd.get(), options_); !tuned) {
        log_.warning(tuned.error().message);
        continue;
      }
    }
    auto address = describe(fd.get(), socket.is_unix(), remote);
    on_client_(std::move(fd), std::move(address));
  }
}

}  // namespace uvb
