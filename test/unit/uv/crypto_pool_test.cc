#include "uv/crypto_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "fakes/loop_runner.h"

namespace uvb {
namespace {

/// What became of the work; `done` belongs to the loop's thread.
struct Counts {
  std::atomic<int> run = 0;
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
  std::vector<int> done;
};

class Numbered final : public Work {
 public:
  Numbered(Counts& counts, int number, bool tells) : counts_(counts), number_(number), tells_(tells) {}
  bool run() noexcept override {
    const int now = ++counts_.at_once;
    if (now > counts_.most_at_once) counts_.most_at_once = now;
    std::this_thread::yield();
    --counts_.at_once;
    ++counts_.run;
    return tells_;
  }
  void done() noexcept override { counts_.done.push_back(number_); }

 private:
  Counts& counts_;
  int number_;
  bool tells_;
};

class CryptoPoolTest : public ::testing::Test {
 protected:
  static constexpr int kLimit = 2;

  void submit(int number, bool tells) { pool_.submit(std::make_unique<Numbered>(counts_, number, tells)); }
  void TearDown() override { threads_.stop(); }

  Counts counts_;
  Loop loop_;
  CryptoThreads threads_{1};
  CryptoPool pool_{loop_, threads_, kLimit};
};

TEST_F(CryptoPoolTest, DoneFollowsRunInTheOrderOfSubmission) {
  for (int number = 0; number < 5 * kLimit; ++number) submit(number, true);
  EXPECT_TRUE(run_until(loop_, [this] { return counts_.done.size() == 5 * kLimit; }));
  for (int number = 0; number < 5 * kLimit; ++number) EXPECT_EQ(counts_.done[static_cast<std::size_t>(number)], number);
}

TEST_F(CryptoPoolTest, WorkThatTellsNothingIsNotDoneAndKeepsNobodyOut) {
  for (int number = 0; number < 5 * kLimit; ++number) submit(number, false);
  submit(100, true);
  EXPECT_TRUE(run_until(loop_, [this] { return !counts_.done.empty(); }));
  EXPECT_EQ(counts_.run, 5 * kLimit + 1);
  EXPECT_EQ(counts_.done, std::vector{100});
}

TEST_F(CryptoPoolTest, OneLoopHasOnlySoManyPiecesWithTheThreadsAtATime) {
  CryptoThreads many(8);
  CryptoPool pool(loop_, many, kLimit);
  constexpr int kPieces = 500;
  for (int number = 0; number < kPieces; ++number) pool.submit(std::make_unique<Numbered>(counts_, number, true));
  EXPECT_TRUE(run_until(loop_, [this] { return counts_.done.size() == kPieces; }));
  EXPECT_LE(counts_.most_at_once, kLimit);
  many.stop();
}

}  // namespace
}  // namespace uvb
