#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"

namespace uvb {

/// What one turn will send to one peer: borrowed pieces of what was just read, and own bytes put between them.
/// Neighbouring borrowed pieces join. One per worker, empty between turns.
class SendList {
 public:
  /// More than this is worth a system call of its own; less waits for the end of the turn.
  static constexpr std::size_t kWorthSending = 8192;

  /// `piece` must stay valid until clear().
  void borrow(ByteView piece) {
    if (joint_ == nullptr || piece.data() != joint_) return borrow_apart(piece);
    pieces_.back().size += piece.size();
    joint_ += piece.size();
    size_ += piece.size();
  }

  /// Own bytes: append to the buffer, then call own_done(). They stand where they were begun.
  Buffer& own() noexcept { return own_; }
  void own_done() {
    const std::size_t fresh = own_.size() - own_taken_;
    if (fresh == 0) return;
    size_ += fresh;
    joint_ = nullptr;
    if (!pieces_.empty() && pieces_.back().own) {
      pieces_.back().size += fresh;
    } else {
      pieces_.push_back({nullptr, own_taken_, fresh, true});
    }
    own_taken_ = own_.size();
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void append_to(Buffer& bytes) const {
    for (const Piece& piece : pieces_) bytes.append(view(piece));
  }
  /// The pieces in order; valid until the next change.
  std::span<const iovec> vectors();

  void clear() noexcept {
    pieces_.clear();
    joint_ = nullptr;
    own_.clear();
    own_taken_ = 0;
    size_ = 0;
  }

 private:
  struct Piece {
    const std::uint8_t* start;
    std::size_t offset;
    std::size_t size;
    bool own;
  };
  void borrow_apart(ByteView piece);
  [[nodiscard]] ByteView view(const Piece& piece) const noexcept {
    return {piece.own ? own_.view().data() + piece.offset : piece.start, piece.size};
  }

  std::vector<Piece> pieces_;
  const std::uint8_t* joint_ = nullptr;  ///< where the last piece ends; null unless it is a borrowed one
  std::vector<iovec> vectors_;
  Buffer own_;
  std::size_t own_taken_ = 0;
  std::size_t size_ = 0;
};

}  // namespace uvb
