#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "uv/crypto_pool.h"

namespace uvb {

/// Work in the crypto pool on behalf of an owner that may go meanwhile, see abandon(). One piece of work at a time. The
/// loop's thread only.
class OffLoop {
 public:
  OffLoop() : state_(std::make_shared<State>()) {}
  ~OffLoop() {
    state_->done = nullptr;
    collect();
  }
  OffLoop(const OffLoop&) = delete;
  OffLoop& operator=(const OffLoop&) = delete;

  /// `done` follows on the loop when `work` is over, even if it threw: what it was to make is missing then.
  void run(CryptoPool& pool, std::function<void()> work, std::function<void()> done) {
    const auto loud = [work = std::move(work)] {
      work();
      return false;
    };
    begin(pool, loud, std::move(done), Stage::awaited);
  }
  /// As run(), but when `work` tells true at its end, nobody is woken and `done` waits for collect().
  void run_quietly(CryptoPool& pool, std::function<bool()> work, std::function<void()> done) {
    begin(pool, std::move(work), std::move(done), Stage::running);
  }
  /// Calls `done` of work that ended quietly. Work that has not ended yet will call it by itself.
  void collect() {
    if (busy() && state_->stage.exchange(Stage::awaited) == Stage::over) finish(state_);
  }
  /// Until `done` is called.
  [[nodiscard]] bool busy() const noexcept { return state_->stage != Stage::none; }
  /// The owner goes: `done` is not called any more, and what the work may still be using stays until it is over.
  template <class... T>
  void abandon(std::unique_ptr<T>... used) {
    state_->done = nullptr;
    if (busy()) (state_->kept.push_back(std::move(used)), ...);
  }

 private:
  enum class Stage : std::uint8_t {
    none,
    running,  ///< may end quietly
    awaited,  ///< must tell the loop when it is over
    over,     ///< ended quietly
  };

  struct State {
    std::atomic<Stage> stage = Stage::none;
    // The loop's thread only.
    std::function<void()> done;
    std::vector<std::shared_ptr<void>> kept;
  };

  class Piece final : public Work {
   public:
    Piece(std::shared_ptr<State> state, std::function<bool()> work)
        : state_(std::move(state)), work_(std::move(work)) {}
    bool run() noexcept override {
      if (!ends_quietly()) return true;
      // Its end may be asked for at this very moment: only one of both can be first.
      Stage before = Stage::running;
      return !state_->stage.compare_exchange_strong(before, Stage::over);
    }
    void done() noexcept override { finish(state_); }

   private:
    bool ends_quietly() noexcept {
      try {
        return work_();
      } catch (...) {
        // One login runs out of memory, say; the process goes on.
        return false;
      }
    }

    std::shared_ptr<State> state_;
    std::function<bool()> work_;
  };

  void begin(CryptoPool& pool, std::function<bool()> work, std::function<void()> done, Stage stage) {
    state_->stage = stage;
    state_->done = std::move(done);
    pool.submit(std::make_unique<Piece>(state_, std::move(work)));
  }

  static void finish(const std::shared_ptr<State>& shared) {
    // The owner may start the next piece, or end itself, from within.
    const std::shared_ptr<State> state = shared;
    state->stage = Stage::none;
    state->kept.clear();
    const std::function<void()> done = std::exchange(state->done, nullptr);
    if (done) done();
  }

  std::shared_ptr<State> state_;
};

}  // namespace uvb
