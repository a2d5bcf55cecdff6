#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "uv/crypto_threads.h"
#include "uv/loop.h"
#include "uv/mailbox.h"

namespace uvb {

/// Something long that needs no socket: run() on a thread of the pool, then done() on the loop's thread.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() noexcept = 0;
  virtual void done() noexcept = 0;
};

/// One loop's way into the crypto threads. At most `limit` pieces are with them at a time, the others wait in order, so
/// that one loop's login storm leaves room for the others. Own thread only. `threads` must be stopped before it goes.
class CryptoPool {
 public:
  CryptoPool(Loop& loop, CryptoThreads& threads, std::size_t limit);
  CryptoPool(const CryptoPool&) = delete;
  CryptoPool& operator=(const CryptoPool&) = delete;

  /// `work` is owned until done() has returned.
  void submit(std::unique_ptr<Work> work);

 private:
  void start(std::unique_ptr<Work> work);
  void finished(const std::unique_ptr<Work>& work);

  CryptoThreads& threads_;
  std::size_t limit_;
  std::size_t running_ = 0;
  std::deque<std::unique_ptr<Work>> waiting_;
  Mailbox<std::unique_ptr<Work>> results_;
};

}  // namespace uvb
