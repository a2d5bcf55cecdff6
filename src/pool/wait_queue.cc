#include "wait_queue.h"

namespace uvb {

WaitEntry* WaitQueue::longest(const std::string& options) const noexcept {
  WaitEntry* entry = all_.front();
  while (entry != nullptr && entry->waiter.options != options) entry = All::next(*entry);
  return entry;
}

WaitEntry* WaitQueue::longest_of(WorkerId worker, const std::string& options) const noexcept {
  WaitEntry* entry = by_worker_[number(worker)].front();
  while (entry != nullptr && entry->waiter.options != options) entry = OfWorker::next(*entry);
  return entry;
}

void WaitQueue::push_back(WaitEntry& entry) noexcept {
  all_.push_back(entry);
  of(entry).push_back(entry);
}

void WaitQueue::push_front(WaitEntry& entry) noexcept {
  all_.push_front(entry);
  of(entry).push_front(entry);
}

void WaitQueue::erase(WaitEntry& entry) noexcept {
  all_.erase(entry);
  of(entry).erase(entry);
}

WaitEntry& WaitEntries::acquire(PoolBooks& pool, const Waiter& waiter, TimePoint now) {
  if (unused_.empty()) {
    WaitEntry& fresh = entries_.emplace_back();
    // Room for all, so that release() never allocates.
    if (unused_.capacity() < entries_.size()) unused_.reserve(entries_.size() * 2);
    unused_.push_back(&fresh);
  }
  WaitEntry& entry = *unused_.back();
  unused_.pop_back();
  entry.waiter = waiter;
  entry.since = now;
  entry.pool = &pool;
  by_client_.insert(waiter.client, entry);
  return entry;
}

void WaitEntries::release(WaitEntry& entry) noexcept {
  by_client_.erase(entry.waiter.client);
  entry.pool = nullptr;
  entry.promised = nullptr;
  unused_.push_back(&entry);
}

}  // namespace uvb
