#include "session/held_sends.h"

#include <algorithm>

#include "transport/transport.h"

namespace uvb {

namespace {
// More than a turn needs that is not a burst; a burst's memory is given back.
constexpr std::size_t kMostKept = 256 * 1024;
}  // namespace

void HeldSends::pass(Holder& holder, SendList& list) {
  if (list.size() < SendList::kWorthSending && !holder.blocked()) {
    keep(holder, list);
  } else {
    send(holder);
    holder.send(list.vectors());
  }
  list.clear();
}

void HeldSends::keep(Holder& holder, const SendList& list) {
  const bool last = !empty() && kept_.back().holder == &holder;
  if (holder.holds_ && !last) send(holder);
  const std::size_t start = bytes_.size();
  list.append_to(bytes_);
  if (holder.holds_) {
    kept_.back().size += list.size();
    return;
  }
  kept_.push_back({&holder, start, list.size()});
  holder.holds_ = true;
}

HeldSends::Kept HeldSends::take(Holder& holder) noexcept {
  holder.holds_ = false;
  const auto found =
      std::find_if(kept_.rbegin(), kept_.rend(), [&](const Kept& kept) { return kept.holder == &holder; });
  const Kept taken = *found;
  found->holder = nullptr;
  return taken;
}

void HeldSends::send(Holder& holder, const Kept& kept) {
  const iovec piece = as_iovec(view(kept));
  holder.send({&piece, 1});
}

void HeldSends::send(Holder& holder) {
  if (holder.holds_) send(holder, take(holder));
}

void HeldSends::drop(Holder& holder) noexcept {
  if (holder.holds_) take(holder);
}

void HeldSends::send_all() {
  while (!empty()) {
    const Kept kept = kept_[next_++];
    if (kept.holder == nullptr) continue;
    kept.holder->holds_ = false;
    send(*kept.holder, kept);
  }
  kept_.clear();
  next_ = 0;
  if (bytes_.capacity() > kMostKept) return bytes_.release();
  bytes_.clear();
}

}  // namespace uvb
