#include "uv/poll.h"

#include <sys/epoll.h>

namespace uvb {

namespace {

// Short connections, and such as change what they are watched for, are not worth the system call.
constexpr std::uint8_t kSteady = 16;

/// The end of what the peer sends belongs to what is read: no edge would tell of an end that came with the last bytes.
/// The kernel reports errors unasked: by edges where they are of no interest, so that they do not come again and again.
std::uint32_t mask(Readiness interest) noexcept {
  if (interest == Readiness{}) return EPOLLET;
  return (interest.readable ? EPOLLIN : 0U) | (interest.writable ? EPOLLOUT : 0U) |
         (interest.readable || interest.hangup ? EPOLLRDHUP : 0U);
}

}  // namespace

Poll::Poll(Loop& loop, int descriptor, PollListener& listener, Readiness interest)
    : set_(loop.polls()), listener_(listener), descriptor_(descriptor), interest_(interest) {
  set_.add(descriptor_, mask(interest), *this);
}

Poll::~Poll() { set_.remove(descriptor_, *this); }

/// There may be bytes in front of a breakage or an end, and reading only some of them must not be the last that is
/// heard of it.
void Poll::on_events(std::uint32_t events, std::uint64_t turn) noexcept {
  // Not what it was when the kernel was asked: others were told something since.
  const Readiness interest = interest_;
  if (interest == Readiness{}) return;
  last_told_ = turn;
  const bool error = (events & EPOLLERR) != 0;
  // Both directions are over: whoever waits for one is to find that out.
  events = (events & EPOLLHUP) != 0 ? mask(interest) : events & mask(interest);
  if (events == 0 && !error) return;
  const bool ended = (events & EPOLLRDHUP) != 0;
  const Readiness ready{(events & EPOLLIN) != 0, (events & EPOLLOUT) != 0, ended && interest.hangup};
  drained_ = false;
  PollSet& set = set_;
  listener_.on_ready(error ? Readiness{} : ready, error);
  if (set.told() != this) return;
  if (ended || error) drained_ = false;
  settle_trigger();
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

/// The kernel looks at the descriptor once more at every such call, so nothing is lost between.
void Poll::set_edge(bool edge) noexcept {
  set_.change(descriptor_, mask(interest_) | (edge ? EPOLLET : 0U), *this);
  edge_ = edge;
}

void Poll::watch(Readiness interest) noexcept {
  if (interest == interest_) return;
  interest_ = interest;
  drained_in_a_row_ = 0;
  set_edge(false);
}

}  // namespace uvb
