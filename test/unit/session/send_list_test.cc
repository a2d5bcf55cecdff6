#include "session/send_list.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "transport/transport.h"

namespace uvb {
namespace {

class SendListTest : public ::testing::Test {
 protected:
  void borrow(std::size_t start, std::size_t size) { list_.borrow(as_bytes(text_.substr(start, size))); }
  void own(std::string_view text) {
    list_.own().append(text);
    list_.own_done();
  }
  /// The pieces, each in brackets.
  std::string pieces() {
    std::string all;
    for (const iovec& piece : list_.vectors()) {
      all += '[';
      all += as_text(as_bytes(piece));
      all += ']';
    }
    return all;
  }

  std::string_view text_ = "abcdefgh";
  SendList list_;
};

TEST_F(SendListTest, NeighboursJoin) {
  borrow(0, 2);
  borrow(2, 1);
  borrow(3, 2);
  EXPECT_EQ(pieces(), "[abcde]");
  EXPECT_EQ(list_.size(), 5U);
}

TEST_F(SendListTest, PiecesThatDoNotTouchStayApartAndInOrder) {
  borrow(4, 2);
  borrow(0, 2);
  borrow(3, 1);
  EXPECT_EQ(pieces(), "[ef][ab][d]");
}

TEST_F(SendListTest, OwnBytesStandWhereTheyWereBegun) {
  borrow(0, 2);
  own("X");
  own("Y");
  borrow(2, 2);
  borrow(4, 1);
  own("Z");
  EXPECT_EQ(pieces(), "[ab][XY][cde][Z]");
  EXPECT_EQ(list_.size(), 8U);
}

TEST_F(SendListTest, NothingIsNoPiece) {
  list_.borrow({});
  borrow(0, 0);
  EXPECT_TRUE(list_.empty());
  borrow(0, 2);
  borrow(2, 0);
  list_.borrow({});
  own("");
  borrow(2, 1);
  EXPECT_EQ(pieces(), "[abc]");
}

TEST_F(SendListTest, NothingOfBeforeJoinsWhatComesAfterClear) {
  borrow(0, 2);
  list_.clear();
  EXPECT_TRUE(list_.empty());
  borrow(2, 2);
  EXPECT_EQ(pieces(), "[cd]");
  EXPECT_EQ(list_.size(), 2U);
}

}  // namespace
}  // namespace uvb
