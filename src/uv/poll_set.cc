#include "uv/poll_set.h"

#include <sys/socket.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

#include "uv/poll.h"

namespace uvb {

namespace {

// Those that are not told are reported again by the next wait, which is to cost little beside what the told ones do.
constexpr std::size_t kReportsPerTold = 16;

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
  if (epoll_ctl(descriptor_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  ::shutdown(descriptor, SHUT_RDWR);
  refused_.push_back(&poll);
  ++refusals_;
}

void PollSet::change(int descriptor, std::uint32_t events, Poll& poll) noexcept {
  epoll_event event = as_event(events, poll);
  // What is in the set already needs no room.
  epoll_ctl(descriptor_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

void PollSet::remove(int descriptor, const Poll& poll) noexcept {
  epoll_ctl(descriptor_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
  if (!refused_.empty()) std::erase(refused_, &poll);
  if (told_ == &poll) told_ = nullptr;
  for (std::size_t at = 0; at < count_; ++at) {
    if (seen_[at].data.ptr == &poll) seen_[at].data.ptr = nullptr;
  }
}

void PollSet::tell(epoll_event& event) {
  auto* const poll = static_cast<Poll*>(event.data.ptr);
  if (poll == nullptr) return;
  event.data.ptr = nullptr;
  told_ = poll;
  poll->on_events(event.events, turns_);
  if (told_ == poll) poll->keep_ahead();
}

/// Those that have something to say, be it their last. One alone is told at once.
void PollSet::read_ahead() noexcept {
  if (count_ < 2) return;
  for (const epoll_event& event : std::span(seen_).first(count_)) {
    if ((event.events & ~std::uint32_t{EPOLLRDHUP}) == EPOLLIN) static_cast<Poll*>(event.data.ptr)->read_ahead();
  }
}

bool PollSet::refused_waits() const noexcept {
  return std::ranges::any_of(refused_, [](const Poll* poll) { return poll->watched() != Readiness{}; });
}

/// As the kernel would tell of a connection that is over in both directions.
void PollSet::tell_refused() {
  for (std::size_t at = 0; at < refused_.size(); ++at) {
    told_ = refused_[at];
    refused_[at]->on_events(EPOLLHUP, turns_);
  }
}

bool PollSet::wait(int timeout) {
  if (refused_waits()) timeout = 0;
  const int count = epoll_wait(descriptor_.get(), seen_.data(), static_cast<int>(seen_.size()), timeout);
  count_ = static_cast<std::size_t>(std::max(count, 0));
  ++turns_;
  bulk_ = 0;
  read_ahead();
  for (std::size_t at = 0; at < count_; ++at) {
    const auto* const poll = static_cast<const Poll*>(seen_[at].data.ptr);
    if (poll != nullptr && poll->bulk()) {
      std::swap(seen_[bulk_++], seen_[at]);
    } else {
      tell(seen_[at]);
    }
  }
  tell_refused();
  return count > 0;
}

/// Of the bulk polls that were not told yet in this turn; null when there is none.
epoll_event* PollSet::longest_untold() noexcept {
  epoll_event* found = nullptr;
  std::uint64_t longest_ago = turns_;
  for (epoll_event& event : std::span(seen_).first(bulk_)) {
    const auto* const poll = static_cast<const Poll*>(event.data.ptr);
    if (poll == nullptr || poll->last_told() >= longest_ago) continue;
    found = &event;
    longest_ago = poll->last_told();
  }
  return found;
}

void PollSet::tell_bulk() {
  const std::size_t share = 1 + bulk_ / kReportsPerTold;
  for (std::size_t told = 0; told < share; ++told) {
    epoll_event* const next = longest_untold();
    if (next == nullptr) break;
    tell(*next);
  }
  bulk_ = 0;
}

}  // namespace uvb
