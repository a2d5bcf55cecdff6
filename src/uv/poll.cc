#include "uv/poll.h"

#include <sys/epoll.h>
#include <uv.h>

#include <stdexcept>

namespace uvb {

namespace {

// Short connections, and such as change what they are watched for, are not worth the system call.
constexpr std::uint8_t kSteady = 16;

void on_closed(uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); }

/// The end of what the peer sends belongs to what is read: no edge would tell of an end that came with the last bytes.
int mask(Readiness interest) {
  return (interest.readable ? UV_READABLE : 0) | (interest.writable ? UV_WRITABLE : 0) |
         (interest.readable || interest.hangup ? UV_DISCONNECT : 0);
}

}  // namespace

Poll::Poll(Loop& loop, int descriptor, PollListener& listener) : handle_(new uv_poll_t), listener_(listener) {
  if (uv_poll_init(loop.handle(), handle_, descriptor) != 0) {
    delete handle_;
    throw std::runtime_error("cannot watch a descriptor");
  }
  handle_->data = this;
}

Poll::~Poll() {
  handle_->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_), on_closed);
}

/// libuv stops watching a descriptor that is broken. There may be bytes in front of the breakage, and reading only some
/// of them must not be the last that is heard of it.
void Poll::on_event(uv_poll_s* handle, int status, int events) noexcept {
  auto* poll = static_cast<Poll*>(handle->data);
  if (poll == nullptr) return;
  const Readiness interest = poll->interest_;
  const bool ended = (events & UV_DISCONNECT) != 0;
  const Readiness ready{(events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0, ended && interest.hangup};
  if (status < 0) poll->interest_ = {};
  poll->drained_ = false;
  poll->listener_.on_ready(ready, status < 0);
  if (handle->data == nullptr) return;
  if (ended) poll->drained_ = false;
  if (status < 0 && poll->interest_ == Readiness{}) poll->watch(interest);
  poll->settle_trigger();
}

void Poll::settle_trigger() noexcept {
  if (!drained_) {
    drained_in_a_row_ = 0;
    if (edge_) set_edge(false);
  } else if (!edge_ && interest_ == Readiness{.readable = true} && ++drained_in_a_row_ == kSteady) {
    drained_in_a_row_ = 0;
    set_edge(true);
  }
}

/// Behind libuv's back, which knows no edges: it set the descriptor up, and sets it up anew when the interest changes.
/// The kernel looks at the descriptor once more at every such call, so nothing is lost between.
void Poll::set_edge(bool edge) noexcept {
  auto* const handle = reinterpret_cast<uv_handle_t*>(handle_);
  uv_os_fd_t descriptor = -1;
  if (uv_fileno(handle, &descriptor) != 0) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | (edge ? EPOLLET : 0U);
  event.data.fd = descriptor;
  if (epoll_ctl(uv_backend_fd(handle->loop), EPOLL_CTL_MOD, descriptor, &event) == 0) edge_ = edge;
}

void Poll::watch(Readiness interest) noexcept {
  if (interest == interest_) return;
  interest_ = interest;
  edge_ = false;
  drained_in_a_row_ = 0;
  if (interest == Readiness{}) {
    uv_poll_stop(handle_);
  } else {
    uv_poll_start(handle_, mask(interest), on_event);
  }
}

}  // namespace uvb
