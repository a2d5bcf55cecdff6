#include "session/held_sends.h"

#include <gtest/gtest.h>

#include <string>

#include "transport/transport.h"

namespace uvb {
namespace {

/// Notes what it is sent, each send in brackets.
class Recorder final : public Holder {
 public:
  void send(std::span<const iovec> pieces) override {
    sent += '[';
    for (const iovec& piece : pieces) sent += as_text(as_bytes(piece));
    sent += ']';
  }
  [[nodiscard]] bool blocked() const noexcept override { return takes_nothing; }

  std::string sent;
  bool takes_nothing = false;
};

class HeldSendsTest : public ::testing::Test {
 protected:
  void pass(Holder& holder, std::string_view text) {
    list_.borrow(as_bytes(text));
    held_.pass(holder, list_);
    EXPECT_TRUE(list_.empty());
  }

  HeldSends held_;
  SendList list_;
  Recorder one_;
  Recorder two_;
};

TEST_F(HeldSendsTest, LittleWaitsForTheEndOfTheTurnAndGoesAtOnce) {
  pass(one_, "a");
  pass(one_, "b");
  pass(two_, "c");
  EXPECT_TRUE(one_.holds());
  EXPECT_EQ(one_.sent + two_.sent, "");
  held_.send_all();
  EXPECT_EQ(one_.sent, "[ab]");
  EXPECT_EQ(two_.sent, "[c]");
  EXPECT_FALSE(one_.holds() || two_.holds());
  EXPECT_TRUE(held_.empty());
}

TEST_F(HeldSendsTest, WhatIsMuchGoesAtOnceBehindWhatWasHeld) {
  const std::string much(SendList::kWorthSending, 'x');
  pass(one_, "a");
  pass(one_, much);
  EXPECT_EQ(one_.sent, "[a][" + much + "]");
  held_.send_all();
  EXPECT_EQ(one_.sent, "[a][" + much + "]");
}

TEST_F(HeldSendsTest, WhoTakesNothingIsSentWhatComesSoThatItStaysInOrder) {
  one_.takes_nothing = true;
  pass(one_, "a");
  EXPECT_EQ(one_.sent, "[a]");
  EXPECT_FALSE(one_.holds());
}

TEST_F(HeldSendsTest, OrderIsKeptWhenOthersCameInBetween) {
  pass(one_, "a");
  pass(two_, "b");
  pass(one_, "c");
  held_.send_all();
  EXPECT_EQ(one_.sent, "[a][c]");
  EXPECT_EQ(two_.sent, "[b]");
}

TEST_F(HeldSendsTest, WhatWasDroppedIsNeverSent) {
  pass(one_, "a");
  pass(two_, "b");
  held_.drop(one_);
  held_.send_all();
  EXPECT_EQ(one_.sent, "");
  EXPECT_EQ(two_.sent, "[b]");
}

TEST_F(HeldSendsTest, WhatIsAskedForEarlyGoesOnce) {
  pass(one_, "a");
  held_.send(one_);
  held_.send(one_);
  held_.send_all();
  EXPECT_EQ(one_.sent, "[a]");
}

}  // namespace
}  // namespace uvb
