#include "uv/poll_set.h"

#include <algorithm>
#include <stdexcept>

#include "uv/poll.h"

namespace uvb {

namespace {

epoll_event as_event(std::uint32_t events, Poll& poll) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &poll;
  return event;
}

}  // namespace

PollSet::PollSet() : descriptor_(epoll_create1(EPOLL_CLOEXEC)) {
  if (descriptor_.get() < 0) throw std::runtime_error("cannot create an event loop");
}

void PollSet::add(int descriptor, std::uint32_t events, Poll& poll) {
  epoll_event event = as_event(events, poll);
  if (epoll_ctl(descriptor_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    throw std::runtime_error("cannot watch a descriptor");
  }
}

void PollSet::change(int descriptor, std::uint32_t events, Poll& poll) noexcept {
  epoll_event event = as_event(events, poll);
  // What is in the set already needs no room.
  epoll_ctl(descriptor_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

void PollSet::remove(int descriptor, const Poll& poll) noexcept {
  epoll_ctl(descriptor_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
  for (std::size_t at = next_; at < count_; ++at) {
    if (seen_[at].data.ptr == &poll) seen_[at].data.ptr = nullptr;
  }
}

bool PollSet::wait(int timeout) {
  const int count = epoll_wait(descriptor_.get(), seen_.data(), static_cast<int>(seen_.size()), timeout);
  count_ = static_cast<std::size_t>(std::max(count, 0));
  for (next_ = 0; next_ < count_; ++next_) {
    auto* const poll = static_cast<Poll*>(seen_[next_].data.ptr);
    if (poll != nullptr) poll->on_events(seen_[next_].events);
  }
  return count > 0;
}

}  // namespace uvb
