#include "uv/crypto_threads.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "base/thread_name.h"

namespace uvb {

namespace {

constexpr int kNiceness = 5;

/// On Linux priorities belong to threads, and lowering one's own needs no right.
void lower_priority() { setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness); }

}  // namespace

CryptoThreads::CryptoThreads(std::size_t count) {
  for (std::size_t index = 0; index < count; ++index) threads_.emplace_back([this] { run(); });
}

CryptoThreads::~CryptoThreads() { stop(); }

void CryptoThreads::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  change_.notify_one();
}

void CryptoThreads::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  change_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void CryptoThreads::run() {
  name_thread("uvb-crypto");
  lower_priority();
  std::unique_lock lock(mutex_);
  for (;;) {
    change_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace uvb
