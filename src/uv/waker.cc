#include "uv/waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

namespace uvb {

namespace {

int make_eventfd() {
  const int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("cannot create a wake-up descriptor");
  return descriptor;
}

}  // namespace

// Not uv_async_t: its receiver spins until the sender has left uv_async_send(), and a sender that is preempted by the
// very thread it wakes makes that a thousand pauses per wake-up (a quarter of a login storm's CPU time on one core).
Waker::Waker(Loop& loop, std::function<void()> callback)
    : callback_(std::move(callback)),
      descriptor_(make_eventfd()),
      poll_(loop, descriptor_.get(), *this, {.readable = true}) {}

void Waker::wake() noexcept {
  const std::uint64_t one = 1;
  // Full only after 2^64 - 2 wake-ups without a look: then it is readable all the same.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_.get(), &one, sizeof one);
}

void Waker::on_ready(Readiness /*ready*/, bool /*error*/) noexcept {
  std::uint64_t count = 0;
  if (::read(descriptor_.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count)) callback_();
}

}  // namespace uvb
