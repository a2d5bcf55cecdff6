#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/unique_fd.h"

namespace uvb {

class Poll;

/// The descriptors that one loop watches, by epoll(7). libuv would watch them, too, but it needs 160 bytes and two more
/// system calls for each of them, looks each up again for every report, and knows no edges. Own thread only.
class PollSet {
 public:
  PollSet();
  PollSet(const PollSet&) = delete;
  PollSet& operator=(const PollSet&) = delete;

  /// `events` as for epoll_ctl(2). Throws when the system has no room for it.
  void add(int descriptor, std::uint32_t events, Poll& poll);
  void change(int descriptor, std::uint32_t events, Poll& poll) noexcept;
  /// `poll` hears nothing any more, of what was seen already neither.
  void remove(int descriptor, const Poll& poll) noexcept;

  /// Waits for at most `timeout` milliseconds (-1: for ever) and tells the polls what happened; false: nothing did.
  bool wait(int timeout);
  /// The poll that is being told; null when it was removed meanwhile.
  [[nodiscard]] const Poll* told() const noexcept {
    return next_ < count_ ? static_cast<const Poll*>(seen_[next_].data.ptr) : nullptr;
  }

 private:
  UniqueFd descriptor_;
  std::size_t next_ = 0;   ///< the one of `seen_` that is being told
  std::size_t count_ = 0;  ///< of `seen_`
  std::array<epoll_event, 512> seen_;
};

}  // namespace uvb
