#include "uv/crypto_pool.h"

#include <utility>

namespace uvb {

CryptoPool::CryptoPool(Loop& loop, CryptoThreads& threads, std::size_t limit)
    : threads_(threads), limit_(limit), results_(loop, [](const std::unique_ptr<Work>& work) { work->done(); }) {}

void CryptoPool::submit(std::unique_ptr<Work> work) {
  const bool room = line_.with([&](Line& line) {
    if (line.running < limit_) {
      ++line.running;
      return true;
    }
    line.waiting.push_back(std::move(work));
    return false;
  });
  if (room) start(std::move(work));
}

void CryptoPool::start(std::unique_ptr<Work> work) {
  // A std::function must be copyable, hence the shared owner of what only one has.
  auto owner = std::make_shared<std::unique_ptr<Work>>(std::move(work));
  threads_.submit([this, owner] { run(std::move(*owner)); });
}

/// On a crypto thread, which also finds the place a successor: the loop may not hear of the end at all.
void CryptoPool::run(std::unique_ptr<Work> work) {
  if (work->run()) results_.post(std::move(work));
  if (std::unique_ptr<Work> successor = next()) start(std::move(successor));
}

std::unique_ptr<Work> CryptoPool::next() {
  return line_.with([](Line& line) -> std::unique_ptr<Work> {
    if (line.waiting.empty()) {
      --line.running;
      return nullptr;
    }
    std::unique_ptr<Work> first = std::move(line.waiting.front());
    line.waiting.pop_front();
    return first;
  });
}

}  // namespace uvb
