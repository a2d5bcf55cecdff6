#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace uvb {

/// Finds a T by connection id: one flat table with linear probing, so that finding, inserting and erasing touch a cache
/// line or two and allocate only while the table grows. Borrows the values. Not thread-safe.
template <class T>
class IdMap {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// null when `id` is not there.
  [[nodiscard]] T* find(ConnectionId id) const noexcept {
    if (size_ == 0) return nullptr;
    for (std::size_t at = home(id);; at = after(at)) {
      if (slots_[at].id == id) return slots_[at].value;
      if (slots_[at].id == ConnectionId::none) return nullptr;
    }
  }

  /// `id` must not be there yet, and not be none.
  void insert(ConnectionId id, T& value) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    place({id, &value});
    ++size_;
  }

  void erase(ConnectionId id) noexcept {
    if (size_ == 0 || id == ConnectionId::none) return;
    std::size_t at = home(id);
    while (slots_[at].id != id) {
      if (slots_[at].id == ConnectionId::none) return;
      at = after(at);
    }
    close_gap(at);
    --size_;
  }

 private:
  struct Slot {
    ConnectionId id = ConnectionId::none;
    T* value = nullptr;
  };

  [[nodiscard]] std::size_t after(std::size_t at) const noexcept { return (at + 1) & (slots_.size() - 1); }
  /// Ids are serial numbers; Fibonacci hashing spreads any stride of them.
  [[nodiscard]] std::size_t home(ConnectionId id) const noexcept {
    constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>((number(id) * kGolden) >> shift_);
  }

  void place(Slot slot) noexcept {
    std::size_t at = home(slot.id);
    while (slots_[at].id != ConnectionId::none) at = after(at);
    slots_[at] = slot;
  }

  /// Moves later entries of the run forward instead of leaving a tombstone.
  void close_gap(std::size_t gap) noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = after(gap); slots_[at].id != ConnectionId::none; at = after(at)) {
      const std::size_t distance = (at - home(slots_[at].id)) & mask;
      if (distance < ((at - gap) & mask)) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = {};
  }

  void grow() {
    constexpr std::size_t kFirstSize = 64;
    const std::size_t size = slots_.empty() ? kFirstSize : slots_.size() * 2;
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(size));
    shift_ = 64 - std::countr_zero(slots_.size());
    for (const Slot& slot : old) {
      if (slot.id != ConnectionId::none) place(slot);
    }
  }

  std::vector<Slot> slots_;  ///< a power of two of them, at most half in use
  std::size_t size_ = 0;
  int shift_ = 64;
};

}  // namespace uvb
