#include "wait_queue.h"

namespace uvb {

WaitEntry* WaitQueue::longest(const std::string& options) const noexcept {
  WaitEntry* entry = all_.front();
  while (entry != nullptr && entry->waiter.options != options) entry = All::next(*entry);
  return entry;
}

WaitEntry* WaitQueue::longest_of(WorkerId worker, const std::string& options) const noexcept {
  WaitEntry* entry = by_worker_[number(worker)].list.front();
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
  OfWorker& own = by_worker_[number(waiter.worker)];
  if (own.unused.empty()) {
    WaitEntry& fresh = own.all.emplace_back();
    // Room for all, so that release() never allocates.
    if (own.unused.capacity() < own.all.size()) own.unused.reserve(own.all.size() * 2);
    own.unused.push_back(&fresh);
  }
  WaitEntry& entry = *own.unused.back();
  own.unused.pop_back();
  entry.waiter = waiter;
  entry.since = now;
  entry.pool = &pool;
  own.by_client.insert(waiter.client, entry);
  return entry;
}

void WaitEntries::release(WaitEntry& entry) noexcept {
  OfWorker& own = by_worker_[number(entry.waiter.worker)];
  own.by_client.erase(entry.waiter.client);
  entry.pool = nullptr;
  entry.promised = nullptr;
  own.unused.push_back(&entry);
}

}  // namespace uvb
