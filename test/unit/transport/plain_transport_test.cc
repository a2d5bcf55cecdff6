#include "transport/plain_transport.h"

#include <gtest/gtest.h>

#include "socket_pair.h"

namespace uvb {
namespace {

using test::SocketPair;

class PlainTransportTest : public ::testing::Test {
 protected:
  IoStatus send(std::initializer_list<std::string_view> texts) {
    std::vector<iovec> pieces;
    for (const std::string_view text : texts) pieces.push_back(test::piece_of(text));
    return transport_.send(pieces, {});
  }
  ReadResult read(std::size_t size = 100) {
    into_.resize(size);
    return transport_.read(into_, {});
  }
  std::string_view got(const ReadResult& result) const { return as_text(ByteView(into_).first(result.count)); }

  SocketPair sockets_;
  PlainTransport transport_{sockets_.take_ours()};
  std::vector<std::uint8_t> into_;
};

TEST_F(PlainTransportTest, SendsAllPiecesInOrder) {
  EXPECT_EQ(send({"one", "", "two", "three"}), IoStatus::ok);
  EXPECT_EQ(sockets_.receive(), "onetwothree");
  EXPECT_EQ(transport_.pending(), 0U);
}

TEST_F(PlainTransportTest, SendsMorePiecesThanOneCallTakes) {
  std::vector<iovec> pieces(3000, test::piece_of("ab"));
  EXPECT_EQ(transport_.send(pieces, {}), IoStatus::blocked);
  while (transport_.flush() == IoStatus::blocked) {
  }
  EXPECT_EQ(sockets_.receive().size(), 6000U);
}

TEST_F(PlainTransportTest, ReadTellsWhetherMoreIsLikely) {
  sockets_.send("0123456789");
  const ReadResult first = read(4);
  EXPECT_EQ(got(first), "0123");
  EXPECT_TRUE(first.more);
  const ReadResult second = read(100);
  EXPECT_EQ(second.status, IoStatus::ok);
  EXPECT_EQ(got(second), "456789");
  EXPECT_FALSE(second.more);
  EXPECT_EQ(read().status, IoStatus::blocked);
}

TEST_F(PlainTransportTest, EndOfStreamIsClosed) {
  sockets_.close_theirs();
  EXPECT_EQ(read().status, IoStatus::closed);
}

TEST_F(PlainTransportTest, KeepsWhatTheSocketDoesNotTakeAndFlushesInOrder) {
  const std::string large = test::counted(3 << 20);
  EXPECT_EQ(send({large}), IoStatus::blocked);
  EXPECT_GT(transport_.pending(), 0U);
  EXPECT_EQ(send({"tail"}), IoStatus::blocked) << "goes behind what is pending";
  std::string received;
  while (transport_.flush() == IoStatus::blocked) received += sockets_.receive();
  received += sockets_.receive();
  EXPECT_EQ(transport_.pending(), 0U);
  EXPECT_TRUE(received == large + "tail");
}

TEST_F(PlainTransportTest, SendToAPeerThatLeftFailsWithAReason) {
  sockets_.close_theirs();
  EXPECT_EQ(send({"x"}), IoStatus::failed);
  EXPECT_EQ(transport_.error(), "Broken pipe");
}

TEST_F(PlainTransportTest, ReleasedDescriptorStaysOpen) {
  const int descriptor = transport_.release_descriptor();
  EXPECT_EQ(transport_.descriptor(), -1);
  sockets_.send("x");
  std::array<std::uint8_t, 4> into{};
  EXPECT_EQ(::recv(descriptor, into.data(), into.size(), 0), 1);
  ::close(descriptor);
}

TEST(PlainTransportReset, IsAFailureWithAReason) {
  test::SocketPair sockets = test::SocketPair::tcp();
  PlainTransport transport(sockets.take_ours());
  sockets.reset_theirs();
  std::array<std::uint8_t, 4> into{};
  EXPECT_EQ(transport.read(into, {}).status, IoStatus::failed);
  EXPECT_EQ(transport.error(), "Connection reset by peer");
}

}  // namespace
}  // namespace uvb
