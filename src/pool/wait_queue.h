#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/cache_line.h"
#include "base/clock.h"
#include "base/ids.h"
#include "pool/id_map.h"
#include "pool/intrusive_list.h"
#include "pool/ledger.h"

namespace uvb {

struct PoolBooks;
struct ServerEntry;

/// One client that waits, or to which a server is under way. What other workers look at and write comes first: one
/// cache line, up to the length of the options.
struct alignas(kCacheLine) WaitEntry {
  ListLink<WaitEntry> everywhere;
  ListLink<WaitEntry> same_worker;
  TimePoint since;  ///< when it was queued; kept when it queues again
  Waiter waiter;
  PoolBooks* pool = nullptr;
  ServerEntry* promised = nullptr;  ///< under way to it; then it is in no queue
};

/// Clients waiting for a server of one pool, first come first served, with a second view by worker so that a worker's
/// own longest waiter is found at once. Borrows the entries.
class WaitQueue {
 public:
  explicit WaitQueue(std::uint32_t workers) : by_worker_(workers) {}

  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] WaitEntry* front() const noexcept { return all_.front(); }
  [[nodiscard]] static WaitEntry* next(const WaitEntry& entry) noexcept { return All::next(entry); }
  /// The longest waiter that a server started with `options` suits; null when there is none.
  [[nodiscard]] WaitEntry* longest(const std::string& options) const noexcept;
  /// The same among the clients of `worker`.
  [[nodiscard]] WaitEntry* longest_of(WorkerId worker, const std::string& options) const noexcept;

  void push_back(WaitEntry& entry) noexcept;
  /// For a client that had been served already and lost its server.
  void push_front(WaitEntry& entry) noexcept;
  void erase(WaitEntry& entry) noexcept;

 private:
  using All = IntrusiveList<WaitEntry, &WaitEntry::everywhere>;
  using OfWorker = IntrusiveList<WaitEntry, &WaitEntry::same_worker>;
  struct alignas(kCacheLine) OwnLine {
    OfWorker list;
  };
  OfWorker& of(const WaitEntry& entry) noexcept { return by_worker_[number(entry.waiter.worker)].list; }

  alignas(kCacheLine) All all_;
  std::vector<OwnLine> by_worker_;
};

/// Clients waiting for a pool's first welcome, in order. Apart from WaitQueue since no server is ever linked to them.
using LoginQueue = IntrusiveList<WaitEntry, &WaitEntry::everywhere>;

/// Owns the entries of all pools, keeps the unused ones for the next waiter and finds them by client. Each worker's
/// clients have entries of their own, so that what one worker writes seldom has to leave its processor's cache.
class WaitEntries {
 public:
  explicit WaitEntries(std::uint32_t workers) : by_worker_(workers) {}

  WaitEntry& acquire(PoolBooks& pool, const Waiter& waiter, TimePoint now);
  /// `entry` must be in no queue.
  void release(WaitEntry& entry) noexcept;
  /// `worker` is the client's.
  [[nodiscard]] WaitEntry* find(WorkerId worker, ConnectionId client) const noexcept {
    return by_worker_[number(worker)].by_client.find(client);
  }

 private:
  struct alignas(kCacheLine) OfWorker {
    std::deque<WaitEntry> all;
    std::vector<WaitEntry*> unused;
    IdMap<WaitEntry> by_client;
  };
  std::vector<OfWorker> by_worker_;
};

}  // namespace uvb
