#include "uv/crypto_pool.h"

#include <utility>

namespace uvb {

CryptoPool::CryptoPool(Loop& loop, CryptoThreads& threads, std::size_t limit)
    : threads_(threads), limit_(limit), results_(loop, [this](std::unique_ptr<Work>&& work) { finished(work); }) {}

void CryptoPool::submit(std::unique_ptr<Work> work) {
  if (running_ >= limit_) {
    waiting_.push_back(std::move(work));
    return;
  }
  start(std::move(work));
}

void CryptoPool::start(std::unique_ptr<Work> work) {
  ++running_;
  // A std::function must be copyable, hence the shared owner of what only one has.
  auto owner = std::make_shared<std::unique_ptr<Work>>(std::move(work));
  threads_.submit([this, owner] {
    (*owner)->run();
    results_.post(std::move(*owner));
  });
}

void CryptoPool::finished(const std::unique_ptr<Work>& work) {
  --running_;
  work->done();
  if (waiting_.empty() || running_ >= limit_) return;
  std::unique_ptr<Work> next = std::move(waiting_.front());
  waiting_.pop_front();
  start(std::move(next));
}

}  // namespace uvb
