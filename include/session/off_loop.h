#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "uv/crypto_pool.h"

namespace uvb {

/// Work in the crypto pool on behalf of an owner that may go meanwhile: then `done` is not called, and what the owner
/// left by keep() lives until the work is over. One piece of work at a time. Own thread only.
class OffLoop {
 public:
  OffLoop() : state_(std::make_shared<State>()) {}
  ~OffLoop() { state_->done = nullptr; }
  OffLoop(const OffLoop&) = delete;
  OffLoop& operator=(const OffLoop&) = delete;

  void run(CryptoPool& pool, std::function<void()> work, std::function<void()> done) {
    state_->busy = true;
    state_->done = std::move(done);
    pool.submit(std::make_unique<Piece>(state_, std::move(work)));
  }
  [[nodiscard]] bool busy() const noexcept { return state_->busy; }
  /// Before the owner goes: keeps what the work may still be using.
  template <class T>
  void keep(std::unique_ptr<T> used) {
    if (state_->busy && used) state_->kept.push_back(std::make_shared<std::unique_ptr<T>>(std::move(used)));
  }

 private:
  struct State {
    bool busy = false;
    std::function<void()> done;
    std::vector<std::shared_ptr<void>> kept;
  };

  class Piece final : public Work {
   public:
    Piece(std::shared_ptr<State> state, std::function<void()> work)
        : state_(std::move(state)), work_(std::move(work)) {}
    void run() noexcept override { work_(); }
    void done() noexcept override {
      state_->busy = false;
      state_->kept.clear();
      // The owner may start the next piece, or end itself, from within.
      const std::function<void()> done = std::exchange(state_->done, nullptr);
      if (done) done();
    }

   private:
    std::shared_ptr<State> state_;
    std::function<void()> work_;
  };

  std::shared_ptr<State> state_;
};

}  // namespace uvb
