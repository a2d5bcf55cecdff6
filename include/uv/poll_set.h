#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

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

  /// `events` as for epoll_ctl(2). When the system has no room for one more (epoll(7), max_user_watches) the connection
  /// is shut down instead, and `poll` is told so in every turn in which it has an interest.
  void add(int descriptor, std::uint32_t events, Poll& poll);
  void change(int descriptor, std::uint32_t events, Poll& poll) noexcept;
  /// `poll` hears nothing any more, of what was seen already neither.
  void remove(int descriptor, const Poll& poll) noexcept;

  /// Waits for at most `timeout` milliseconds (-1: for ever) and tells the polls what happened, but for those of bulk
  /// traffic; false: nothing did.
  bool wait(int timeout);
  /// There are polls of bulk traffic to be told what wait() saw.
  [[nodiscard]] bool bulk_waits() const noexcept { return bulk_ > 0; }
  /// Tells the one of them that was told longest ago, of many a few. The others' turn comes with what the next wait()
  /// sees, behind the small traffic that came meanwhile.
  void tell_bulk();
  /// How many descriptors the system had no room for, ever.
  [[nodiscard]] std::uint64_t refusals() const noexcept { return refusals_; }
  /// The poll that is being told; null when it was removed meanwhile.
  [[nodiscard]] const Poll* told() const noexcept { return told_; }

 private:
  void read_ahead() noexcept;
  void tell(epoll_event& event);
  void tell_refused();
  [[nodiscard]] bool refused_waits() const noexcept;
  epoll_event* longest_untold() noexcept;

  UniqueFd descriptor_;
  const Poll* told_ = nullptr;
  std::size_t bulk_ = 0;   ///< how many at the front of `seen_` are of bulk traffic
  std::size_t count_ = 0;  ///< of `seen_`
  std::uint64_t turns_ = 0;
  std::uint64_t refusals_ = 0;
  std::vector<Poll*> refused_;  ///< not in the kernel's set
  std::array<epoll_event, 512> seen_;
};

}  // namespace uvb
