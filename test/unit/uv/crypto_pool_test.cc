#include "uv/crypto_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "uv/timer.h"

namespace uvb {
namespace {

using namespace std::chrono_literals;

struct Counts {
  std::atomic<int> run = 0;
  int done = 0;  ///< the loop's thread only
};

class Counting final : public Work {
 public:
  Counting(Counts& counts, bool may_wait) : counts_(counts), may_wait_(may_wait) {}
  void run() noexcept override { ++counts_.run; }
  void done() noexcept override { ++counts_.done; }
  [[nodiscard]] bool may_wait() const noexcept override { return may_wait_; }

 private:
  Counts& counts_;
  bool may_wait_;
};

class CryptoPoolTest : public ::testing::Test {
 protected:
  void submit(bool may_wait) { pool_.submit(std::make_unique<Counting>(counts_, may_wait)); }
  /// Runs the loop until `over`, at most five seconds.
  void run_until(const std::function<bool()>& over) {
    const auto limit = std::chrono::steady_clock::now() + 5s;
    Timer look(loop_, [&] {
      if (over() || std::chrono::steady_clock::now() > limit) loop_.stop();
    });
    look.start_every(1ms);
    loop_.run();
  }
  void run_until_run(int count) {
    while (counts_.run < count) std::this_thread::sleep_for(1ms);
    run_for(20ms);
  }
  void run_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    run_until([end] { return std::chrono::steady_clock::now() > end; });
  }

  static constexpr int kLimit = 2;
  Counts counts_;
  Loop loop_;
  CryptoThreads threads_{1};
  CryptoPool pool_{loop_, threads_, kLimit};

  void TearDown() override { threads_.stop(); }
};

TEST_F(CryptoPoolTest, WorkWakesTheLoopWhenItIsOver) {
  submit(false);
  run_until([this] { return counts_.done == 1; });
  EXPECT_EQ(counts_.done, 1);
}

TEST_F(CryptoPoolTest, WorkThatMayWaitWaitsUntilItIsCollected) {
  submit(true);
  run_until_run(1);
  EXPECT_EQ(counts_.done, 0);
  pool_.collect();
  EXPECT_EQ(counts_.done, 1);
}

TEST_F(CryptoPoolTest, WorkThatMayWaitComesWithWorkThatWakes) {
  submit(true);
  submit(false);
  run_until([this] { return counts_.done == 2; });
  EXPECT_EQ(counts_.done, 2);
}

TEST_F(CryptoPoolTest, WorkThatMayWaitKeepsNobodyOutOfThePool) {
  for (int i = 0; i < kLimit; ++i) submit(true);
  run_until_run(kLimit);
  submit(true);
  run_until([this] { return counts_.run == kLimit + 1; });
  EXPECT_EQ(counts_.run, kLimit + 1);
}

}  // namespace
}  // namespace uvb
