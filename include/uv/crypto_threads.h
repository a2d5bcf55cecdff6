#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace uvb {

/// The threads of the crypto pool, one set per process. They run at a lower priority than the loops: a handshake gives
/// way to a query.
class CryptoThreads {
 public:
  explicit CryptoThreads(std::size_t count);
  ~CryptoThreads();
  CryptoThreads(const CryptoThreads&) = delete;
  CryptoThreads& operator=(const CryptoThreads&) = delete;

  /// Any thread. Jobs begin in the order they came.
  void submit(std::function<void()> job);
  /// Ends the threads when their present jobs are done; jobs not begun are dropped. Idempotent.
  void stop();

 private:
  void run();

  std::mutex mutex_;  // guards jobs_ and stopping_
  std::condition_variable change_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace uvb
