#include "session/handshake_budget.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

using namespace std::chrono_literals;

class HandshakeBudgetTest : public ::testing::Test {
 protected:
  HandshakeBudget budget_;
  TimePoint now_{1h};
};

TEST_F(HandshakeBudgetTest, AQuietLoopHasSomeInEachTurn) {
  EXPECT_TRUE(budget_.any_left());
  for (int step = 0; step < 3; ++step) budget_.spend(400us, now_);
  EXPECT_FALSE(budget_.any_left());
  budget_.new_turn();
  EXPECT_TRUE(budget_.any_left());
}

TEST_F(HandshakeBudgetTest, ThereIsNoneWhileClientsSpeak) {
  budget_.tick(true, now_);
  EXPECT_FALSE(budget_.any_left());
  budget_.new_turn();
  EXPECT_FALSE(budget_.any_left());
  budget_.tick(false, now_);
  EXPECT_TRUE(budget_.any_left());
}

TEST_F(HandshakeBudgetTest, AQueryOfAClientThatStaysEndsItAtOnceUntilTheNextTick) {
  budget_.client_speaks();
  budget_.new_turn();
  EXPECT_FALSE(budget_.any_left());
  budget_.tick(false, now_);
  EXPECT_TRUE(budget_.any_left());
}

TEST_F(HandshakeBudgetTest, StepsThatTakeLongBarTheLoopForAWhile) {
  budget_.spend(2001us, now_);
  budget_.spend(2001us, now_);
  budget_.new_turn();
  EXPECT_FALSE(budget_.any_left());
  budget_.tick(false, now_ + 4s);
  EXPECT_FALSE(budget_.any_left());
  budget_.tick(false, now_ + 5s);
  EXPECT_TRUE(budget_.any_left());
}

TEST_F(HandshakeBudgetTest, ALongStepBetweenShortOnesBarsNothing) {
  for (int step = 0; step < 4; ++step) {
    budget_.spend(2001us, now_);
    budget_.spend(400us, now_);
    budget_.new_turn();
    EXPECT_TRUE(budget_.any_left());
  }
}

TEST_F(HandshakeBudgetTest, SeveralShortStepsThatTakeLongTogetherBarNothing) {
  for (int step = 0; step < 4; ++step) budget_.spend(1000us, now_);
  EXPECT_FALSE(budget_.any_left());
  budget_.new_turn();
  EXPECT_TRUE(budget_.any_left());
}

}  // namespace
}  // namespace uvb
