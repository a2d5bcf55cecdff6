#include "session/off_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <stdexcept>

#include "fakes/loop_runner.h"

namespace uvb {
namespace {

class OffLoopTest : public ::testing::Test {
 protected:
  /// Begins work that may end quietly, but only after end().
  void begin() {
    off_loop_->run_quietly(
        pool_,
        [this] {
          begun_.release();
          may_end_.acquire();
          return true;
        },
        [this] { ++done_; });
    begun_.acquire();
  }
  void end() { may_end_.release(); }
  /// Until everything submitted so far is over.
  void drain() {
    OffLoop last;
    bool over = false;
    last.run(
        pool_, [] {}, [&over] { over = true; });
    EXPECT_TRUE(run_until(loop_, [&over] { return over; }));
  }
  void TearDown() override { threads_.stop(); }

  int done_ = 0;
  std::binary_semaphore begun_{0};
  std::binary_semaphore may_end_{0};
  Loop loop_;
  CryptoThreads threads_{1};
  CryptoPool pool_{loop_, threads_, 4};
  std::unique_ptr<OffLoop> off_loop_ = std::make_unique<OffLoop>();
};

/// Tells when it goes.
class Used {
 public:
  explicit Used(bool& gone) : gone_(gone) {}
  ~Used() { gone_ = true; }
  Used(const Used&) = delete;
  Used& operator=(const Used&) = delete;

 private:
  bool& gone_;
};

TEST_F(OffLoopTest, LoudWorkIsDoneByItself) {
  std::atomic<bool> ran = false;
  off_loop_->run(
      pool_, [&ran] { ran = true; }, [this] { ++done_; });
  EXPECT_TRUE(off_loop_->busy());
  EXPECT_TRUE(run_until(loop_, [this] { return done_ == 1; }));
  EXPECT_TRUE(ran);
  EXPECT_FALSE(off_loop_->busy());
}

TEST_F(OffLoopTest, QuietWorkIsDoneWhenItIsCollected) {
  begin();
  end();
  drain();
  EXPECT_EQ(done_, 0);
  EXPECT_TRUE(off_loop_->busy());
  off_loop_->collect();
  EXPECT_EQ(done_, 1);
  EXPECT_FALSE(off_loop_->busy());
  off_loop_->collect();
  EXPECT_EQ(done_, 1);
}

TEST_F(OffLoopTest, QuietWorkThatWasAskedForTooEarlyIsDoneByItself) {
  begin();
  off_loop_->collect();
  EXPECT_EQ(done_, 0);
  EXPECT_TRUE(off_loop_->busy());
  end();
  EXPECT_TRUE(run_until(loop_, [this] { return done_ == 1; }));
  EXPECT_FALSE(off_loop_->busy());
}

TEST_F(OffLoopTest, WorkThatCanNotEndQuietlyAfterAllIsDoneByItself) {
  off_loop_->run_quietly(
      pool_, [] { return false; }, [this] { ++done_; });
  EXPECT_TRUE(run_until(loop_, [this] { return done_ == 1; }));
}

TEST_F(OffLoopTest, WorkThatThrowsIsDoneAllTheSame) {
  off_loop_->run(
      pool_, [] { throw std::runtime_error("no memory"); }, [this] { ++done_; });
  EXPECT_TRUE(run_until(loop_, [this] { return done_ == 1; }));
  off_loop_->run_quietly(
      pool_, []() -> bool { throw std::runtime_error("no memory"); }, [this] { ++done_; });
  EXPECT_TRUE(run_until(loop_, [this] { return done_ == 2; }));
}

TEST_F(OffLoopTest, WhatWorkUsesStaysUntilItIsOver) {
  bool gone = false;
  begin();
  off_loop_->abandon(std::make_unique<Used>(gone));
  off_loop_.reset();
  EXPECT_FALSE(gone);
  end();
  EXPECT_TRUE(run_until(loop_, [&gone] { return gone; }));
  EXPECT_EQ(done_, 0);
}

TEST_F(OffLoopTest, WhatQuietWorkUsedGoesWithItsOwner) {
  bool gone = false;
  begin();
  end();
  drain();
  off_loop_->abandon(std::make_unique<Used>(gone));
  EXPECT_FALSE(gone);
  off_loop_.reset();
  EXPECT_TRUE(gone);
  EXPECT_EQ(done_, 0);
}

TEST_F(OffLoopTest, WorkGivenUpIsNotDoneThoughItsOwnerLivesOn) {
  bool gone = false;
  begin();
  off_loop_->collect();
  off_loop_->abandon(std::make_unique<Used>(gone));
  end();
  EXPECT_TRUE(run_until(loop_, [&gone] { return gone; }));
  EXPECT_EQ(done_, 0);
  EXPECT_FALSE(off_loop_->busy());
}

TEST_F(OffLoopTest, OwnerMayGoFromWithinDone) {
  off_loop_->run_quietly(
      pool_, [] { return true; }, [this] { off_loop_.reset(); });
  drain();
  off_loop_->collect();
  EXPECT_EQ(off_loop_, nullptr);
}

TEST_F(OffLoopTest, EveryEndIsHeardOfHoweverItFallsTogetherWithTheQuestion) {
  constexpr int kRounds = 500;
  for (int round = 1; round <= kRounds; ++round) {
    std::atomic<bool> ending = false;
    off_loop_->run_quietly(
        pool_, [&ending] { return ending = true; }, [this] { ++done_; });
    while (!ending) {
    }
    off_loop_->collect();
    ASSERT_TRUE(done_ == round || run_until(loop_, [&] { return done_ == round; })) << round;
  }
}

}  // namespace
}  // namespace uvb
