#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "base/guarded.h"
#include "uv/crypto_threads.h"
#include "uv/loop.h"
#include "uv/mailbox.h"

namespace uvb {

/// Something long that needs no loop: run() on a thread of the pool, then done() on the loop's thread.
class Work {
 public:
  virtual ~Work() = default;
  /// false: done() is not wanted. Then the work goes away right here.
  [[nodiscard]] virtual bool run() noexcept = 0;
  virtual void done() noexcept = 0;
};

/// One loop's way into the crypto threads. At most `limit` pieces are with them at a time, the others wait in order, so
/// that one loop's login storm leaves room for the others. `threads` must be stopped before it goes.
class CryptoPool {
 public:
  CryptoPool(Loop& loop, CryptoThreads& threads, std::size_t limit);
  CryptoPool(const CryptoPool&) = delete;
  CryptoPool& operator=(const CryptoPool&) = delete;

  /// `work` is owned until done() has returned. The loop's thread.
  void submit(std::unique_ptr<Work> work);

 private:
  struct Line {
    std::size_t running = 0;
    std::deque<std::unique_ptr<Work>> waiting;
  };

  void start(std::unique_ptr<Work> work);
  void run(std::unique_ptr<Work> work);
  std::unique_ptr<Work> next();

  CryptoThreads& threads_;
  std::size_t limit_;
  Guarded<Line> line_;
  Mailbox<std::unique_ptr<Work>> results_;
};

}  // namespace uvb
