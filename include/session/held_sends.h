#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "session/send_list.h"

namespace uvb {

/// Somebody whose small sends wait for the end of the turn, see HeldSends.
class Holder {
 public:
  virtual ~Holder() = default;
  /// Sends now; `pieces` are lent for this call.
  virtual void send(std::span<const iovec> pieces) = 0;
  /// It takes no more for now.
  [[nodiscard]] virtual bool blocked() const noexcept = 0;

  /// Something of it is held.
  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  friend class HeldSends;
  bool holds_ = false;
};

/// Small sends of a worker's turn to its servers, in one piece of memory, until the turn ends: what several reads make
/// for one server goes out at once. Clients are not made to wait for their answers. One per worker; own thread only.
class HeldSends {
 public:
  /// Takes everything out of `list`: keeps it for `holder` when it is little and the holder takes it, else sends it at
  /// once. What is kept for it already goes first.
  void pass(Holder& holder, SendList& list);
  /// Sends at once what is kept for `holder`, which has something else to send or ends.
  void send(Holder& holder);
  /// Forgets what is kept for `holder`.
  void drop(Holder& holder) noexcept;
  /// The turn is over: sends everything, also what is added meanwhile.
  void send_all();
  [[nodiscard]] bool empty() const noexcept { return next_ == kept_.size(); }

 private:
  struct Kept {
    Holder* holder;  ///< null: sent early
    std::size_t start;
    std::size_t size;
  };
  void keep(Holder& holder, const SendList& list);
  Kept take(Holder& holder) noexcept;
  void send(Holder& holder, const Kept& kept);
  [[nodiscard]] ByteView view(const Kept& kept) const noexcept { return bytes_.view().subspan(kept.start, kept.size); }

  Buffer bytes_;
  std::vector<Kept> kept_;
  std::size_t next_ = 0;  ///< first of `kept_` that send_all() has not come to
};

}  // namespace uvb
