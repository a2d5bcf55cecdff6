#pragma once

#include <cstdint>
#include <utility>

#include "uv/loop.h"

namespace uvb {

/// What a descriptor is watched for, and what was seen of it.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hangup = false;  ///< the peer will send nothing more (EPOLLRDHUP)

  bool operator==(const Readiness&) const = default;
};

class PollListener {
 public:
  virtual ~PollListener() = default;
  /// The descriptor is ready. `error`: it is broken (POLLERR); reading will tell why.
  virtual void on_ready(Readiness ready, bool error) noexcept = 0;

  /// Several descriptors can be read, and this one is about to be told so: the next read may be made now already and
  /// its result be used then. Reading many in a row, and then working on what they said, takes turns less often in the
  /// processor's caches. To the peers it must make no difference. false: nothing was read.
  virtual bool read_ahead() noexcept { return false; }
  /// It was told, or is to be told no more in this turn, and what it read ahead was not used.
  virtual void keep_ahead() noexcept {}
};

/// Watches one descriptor without owning it: it is reported again and again while it is ready for what is of interest.
/// Destroy it before the descriptor is closed. Calls for an unchanged interest cost nothing; a changed one costs a
/// system call. A broken descriptor is reported again and again while it is watched.
///
/// A reader that tells how its reads ended saves the kernel a look at the descriptor for each: one that is steadily
/// read until nothing is left is watched edge-triggered (epoll(7)), until a read leaves something. Peers that send
/// urgent data or descriptors make the kernel end reads early: what they say behind it waits for what they say next.
/// One whose reads leave something, or who waits to write, carries bulk, and small traffic goes before it.
class Poll {
 public:
  /// When the system can not watch one more descriptor, the connection is shut down (see PollSet::add()).
  Poll(Loop& loop, int descriptor, PollListener& listener, Readiness interest);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  void watch(Readiness interest) noexcept;
  [[nodiscard]] Readiness watched() const noexcept { return interest_; }
  /// The descriptor was read, or what was read ahead is used now. `more`: something may be left; else the read gave
  /// less than was asked for, or nothing.
  void was_read(bool more) noexcept {
    drained_ = !more;
    left_ = more;
    ahead_ = false;
  }

  // --- for the set ---
  /// `events` as epoll_wait(2) has them; `turn` counts the set's.
  void on_events(std::uint32_t events, std::uint64_t turn) noexcept;
  /// It may be told later: what it hears of is reported again (no edges), and is much. A new connection is not.
  [[nodiscard]] bool bulk() const noexcept {
    return !edge_ && !ahead_ && (left_ || (interest_.writable && last_told_ > 0));
  }
  /// It can be read, as others can. Only steady readers are worth the trouble.
  void read_ahead() noexcept { ahead_ = edge_ && listener_.read_ahead(); }
  void keep_ahead() noexcept {
    if (std::exchange(ahead_, false)) listener_.keep_ahead();
  }
  [[nodiscard]] std::uint64_t last_told() const noexcept { return last_told_; }

 private:
  void settle_trigger() noexcept;
  void set_edge(bool edge) noexcept;

  PollSet& set_;
  PollListener& listener_;
  int descriptor_;
  Readiness interest_;
  bool drained_ = false;  ///< since the last report everything was read
  bool left_ = false;     ///< the last read may have left something
  bool edge_ = false;     ///< edge-triggered
  bool ahead_ = false;    ///< something was read ahead and not used yet
  std::uint8_t drained_in_a_row_ = 0;
  std::uint64_t last_told_ = 0;  ///< the set's turn; 0: never
};

}  // namespace uvb
