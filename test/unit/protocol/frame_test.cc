#include "protocol/frame.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace uvb {
namespace {

constexpr std::uint32_t kNoLimit = std::numeric_limits<std::int32_t>::max();

std::array<std::uint8_t, 5> head_bytes(char type, std::uint32_t length) {
  std::array<std::uint8_t, 5> bytes{static_cast<std::uint8_t>(type)};
  store_u32(bytes.data() + 1, length);
  return bytes;
}

TEST(Frame, SizeCountsTypeAndLengthField) {
  MessageHead head;
  ASSERT_EQ(read_head(head_bytes('Q', 14), kNoLimit, head), HeadStatus::ok);
  EXPECT_EQ(head.type, 'Q');
  EXPECT_EQ(head.size, 15u);
  EXPECT_EQ(head.body_size(), 10u);
}

TEST(Frame, FewerThanFiveBytesAreIncompleteWhateverTheyAre) {
  const auto bytes = head_bytes('\xff', 0xffffffff);
  MessageHead head;
  for (std::size_t size = 0; size < 5; ++size) {
    EXPECT_EQ(read_head(ByteView(bytes).first(size), kNoLimit, head), HeadStatus::incomplete) << size;
  }
}

TEST(Frame, LengthBelowItsOwnSizeIsBad) {
  MessageHead head;
  for (std::uint32_t length = 0; length < 4; ++length) {
    EXPECT_EQ(read_head(head_bytes('X', length), kNoLimit, head), HeadStatus::bad) << length;
  }
  EXPECT_EQ(read_head(head_bytes('X', 4), kNoLimit, head), HeadStatus::ok);
  EXPECT_EQ(head.body_size(), 0u);
}

TEST(Frame, LimitIsOnTheWholeMessage) {
  MessageHead head;
  EXPECT_EQ(read_head(head_bytes('D', 2999), 3000, head), HeadStatus::ok);
  EXPECT_EQ(head.size, 3000u);
  EXPECT_EQ(read_head(head_bytes('D', 3000), 3000, head), HeadStatus::bad);
}

TEST(Frame, GreatestLengthDoesNotWrapAround) {
  MessageHead head;
  EXPECT_EQ(read_head(head_bytes('D', 0xffffffff), 0xffffffff, head), HeadStatus::bad);
  EXPECT_EQ(read_head(head_bytes('D', 0xfffffffe), 0xffffffff, head), HeadStatus::ok);
  EXPECT_EQ(read_head(head_bytes('D', 0x80000000), kNoLimit, head), HeadStatus::bad);
}

TEST(Frame, BadHeadLeavesTheResultAlone) {
  MessageHead head{'A', 77};
  ASSERT_EQ(read_head(head_bytes('X', 0), kNoLimit, head), HeadStatus::bad);
  EXPECT_EQ(head.type, 'A');
  EXPECT_EQ(head.size, 77u);
}

TEST(Frame, BadHeaderTextShowsUpToEightBytesInLowerCaseHex) {
  const std::array<std::uint8_t, 10> bytes{0x00, 0x00, 0x00, 0x17, 0x00, 0x04, 0xAB, 0xff, 0x11, 0x22};
  EXPECT_EQ(bad_header_text(bytes), "bad packet header: '000000170004abff'");
  EXPECT_EQ(bad_header_text(ByteView(bytes).first(5)), "bad packet header: '0000001700'");
  EXPECT_EQ(bad_header_text({}), "bad packet header: ''");
}

}  // namespace
}  // namespace uvb
