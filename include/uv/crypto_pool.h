#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "uv/loop.h"

namespace uvb {

/// Something long that needs no socket: run() on a thread of the pool, then done() on the loop's thread.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() noexcept = 0;
  virtual void done() noexcept = 0;
};

/// One loop's way into libuv's thread pool. At most `limit` pieces are in the pool at a time, the others wait in order, so
/// that a login storm can not fill the queue that name look-ups use too. The pool's threads run at a lower priority than
/// the loops: a handshake gives way to a query.
class CryptoPool {
 public:
  CryptoPool(Loop& loop, std::size_t limit) : loop_(loop), limit_(limit) {}
  CryptoPool(const CryptoPool&) = delete;
  CryptoPool& operator=(const CryptoPool&) = delete;

  /// Own thread. `work` is owned until done() has returned.
  void submit(std::unique_ptr<Work> work);
  [[nodiscard]] std::size_t busy() const noexcept { return running_; }

 private:
  struct Request;
  void start(std::unique_ptr<Work> work);
  void finished();

  Loop& loop_;
  std::size_t limit_;
  std::size_t running_ = 0;
  std::deque<std::unique_ptr<Work>> waiting_;
};

}  // namespace uvb
