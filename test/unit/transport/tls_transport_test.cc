#include "transport/tls_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "fakes/tls_contexts.h"
#include "socket_pair.h"
#include "tls_pair.h"

namespace uvb {
namespace {

using test::read_all;
using test::SocketPair;
using test::TlsPair;

class TlsTransportTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const test::TlsContexts contexts = test::load_tls_contexts();
    accepting_ = contexts.accepting;
    connecting_ = contexts.connecting;
  }
  static void TearDownTestSuite() {
    accepting_.reset();
    connecting_.reset();
  }

  /// An established connection: transport() on our socket, peer() to be played through their socket.
  void connect(SocketPair sockets = SocketPair()) {
    TlsPair both{TlsEngine::accept(accepting_), TlsEngine::connect(connecting_, "db", false)};
    ASSERT_TRUE(both.shake_hands());
    sockets_ = std::make_unique<SocketPair>(std::move(sockets));
    transport_ = std::make_unique<TlsTransport>(sockets_->take_ours(), std::move(both.acceptor));
    peer_ = std::move(both.connector);
  }

  Scratch scratch() { return {scratch_}; }

  IoStatus send(const std::vector<std::string>& texts) {
    std::vector<iovec> pieces;
    for (const std::string& text : texts) pieces.push_back(test::piece_of(text));
    return transport_->send(pieces, scratch());
  }
  ReadResult read(std::size_t size = 16384) {
    into_.resize(size);
    return transport_->read(into_, scratch());
  }
  std::string got(const ReadResult& result) const { return std::string(as_text(ByteView(into_).first(result.count))); }

  /// Ciphertext of `text` as the peer would send it.
  std::string encrypted(const std::string& text) {
    EXPECT_EQ(peer_->write(as_bytes(text)), TlsStatus::done);
    std::string wire(as_text(peer_->output().view()));
    peer_->output().release();
    return wire;
  }
  std::string decrypted(const std::string& wire) {
    peer_->feed(as_bytes(wire));
    return read_all(*peer_);
  }

  static inline std::shared_ptr<const TlsContext> accepting_;
  static inline std::shared_ptr<const TlsContext> connecting_;
  std::unique_ptr<SocketPair> sockets_;
  std::unique_ptr<TlsTransport> transport_;
  std::unique_ptr<TlsEngine> peer_;
  std::vector<std::uint8_t> into_;
  std::vector<std::uint8_t> scratch_ = std::vector<std::uint8_t>(65536);
};

TEST_F(TlsTransportTest, HandshakeOverSockets) {
  SocketPair sockets;
  const int theirs = ::dup(sockets.theirs());
  TlsTransport server(sockets.take_ours(), TlsEngine::accept(accepting_));
  TlsTransport client(theirs, TlsEngine::connect(connecting_, "db", true));
  for (int turn = 0; turn < 5; ++turn) {
    for (TlsTransport* side : {&client, &server}) {
      static_cast<void>(side->read_cipher(scratch()));
      side->engine().handshake();
      EXPECT_EQ(side->send_cipher(), IoStatus::ok);
    }
  }
  ASSERT_TRUE(server.engine().established() && client.engine().established());
  const iovec piece = test::piece_of("hello");
  EXPECT_EQ(client.send(std::span(&piece, 1), scratch()), IoStatus::ok);
  into_.resize(100);
  EXPECT_EQ(got(server.read(into_, scratch())), "hello");
}

TEST_F(TlsTransportTest, ManySmallPiecesAreOneRecord) {
  connect();
  EXPECT_EQ(send(std::vector<std::string>(500, "piece ")), IoStatus::ok);
  const std::string wire = sockets_->receive();
  EXPECT_EQ(test::record_bodies(as_bytes(wire)).size(), 1U);
  EXPECT_EQ(decrypted(wire).size(), 3000U);
}

TEST_F(TlsTransportTest, PiecesOfAllSizesFillRecordsUpTo8KiB) {
  connect();
  std::vector<std::string> texts;
  std::string all;
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    texts.push_back(test::counted(random() % (i % 5 == 0 ? 30000 : 300)));
    all += texts.back();
  }
  std::string wire;
  IoStatus status = send(texts);
  wire += sockets_->receive();
  while (status == IoStatus::blocked) {
    status = transport_->flush();
    wire += sockets_->receive();
  }
  const std::vector<std::size_t> bodies = test::record_bodies(as_bytes(wire));
  EXPECT_EQ(bodies.size(), all.size() / 8192 + 1);
  EXPECT_LE(*std::max_element(bodies.begin(), bodies.end()), 8192U + 17);
  EXPECT_TRUE(decrypted(wire) == all);
}

TEST_F(TlsTransportTest, ScratchTooSmallForTheCiphertextIsNoProblem) {
  scratch_.resize(9000);
  connect();
  const std::string large = test::counted(50000);
  EXPECT_EQ(send({large, "tail"}), IoStatus::ok);
  EXPECT_EQ(transport_->pending(), 0U);
  EXPECT_TRUE(decrypted(sockets_->receive()) == large + "tail");
}

TEST_F(TlsTransportTest, KeepsWhatTheSocketDoesNotTakeAndFlushesInOrder) {
  connect();
  const std::string large = test::counted(3 << 20);
  EXPECT_EQ(send({large}), IoStatus::blocked);
  EXPECT_GT(transport_->pending(), 0U);
  EXPECT_EQ(send({"tail"}), IoStatus::blocked);
  std::string received;
  while (transport_->flush() == IoStatus::blocked) received += decrypted(sockets_->receive());
  received += decrypted(sockets_->receive());
  EXPECT_EQ(transport_->pending(), 0U);
  EXPECT_EQ(transport_->engine().output().capacity(), 0U) << "an idle connection owns no buffer";
  EXPECT_TRUE(received == large + "tail");
}

TEST_F(TlsTransportTest, OnlyFlushEndsABlock) {
  connect();
  const std::string large(std::size_t{8} << 20, 'x');
  ASSERT_EQ(send({large}), IoStatus::blocked);
  const std::string taken = sockets_->receive();
  sockets_->send(encrypted("question"));
  EXPECT_EQ(got(read()), "question");
  EXPECT_TRUE(transport_->blocked()) << "reading is not sending";
  EXPECT_EQ(send({std::string("behind it")}), IoStatus::blocked);
  std::string rest;
  while (transport_->flush() == IoStatus::blocked) rest += sockets_->receive();
  EXPECT_FALSE(transport_->blocked());
  EXPECT_EQ(decrypted(taken + rest + sockets_->receive()), large + "behind it");
}

TEST_F(TlsTransportTest, PartialRecordIsBlockedAndThenGivenWhole) {
  connect();
  const std::string wire = encrypted("whole");
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    sockets_->send(cut == 1 ? wire.substr(0, 1) : wire.substr(cut - 1, 1));
    EXPECT_EQ(read().status, IoStatus::blocked) << cut;
  }
  sockets_->send(wire.substr(wire.size() - 1));
  const ReadResult result = read();
  EXPECT_EQ(result.status, IoStatus::ok);
  EXPECT_EQ(got(result), "whole");
  EXPECT_FALSE(result.more);
}

TEST_F(TlsTransportTest, FullRecordFitsIntoTheSame16KiB) {
  connect();
  const std::string text = test::counted(16384);
  sockets_->send(encrypted(text));
  const ReadResult result = read(16384);
  EXPECT_EQ(result.count, 16384U);
  EXPECT_TRUE(got(result) == text);
}

TEST_F(TlsTransportTest, AnyReadSizeGivesEverythingInOrder) {
  for (const std::size_t size : {1U, 7U, 100U, 4096U, 16384U, 65536U}) {
    connect();
    const std::string text = test::counted(size < 100 ? 2000 : 100000);
    sockets_->send(encrypted(text));
    std::string received;
    ReadResult result{IoStatus::ok};
    while (received.size() < text.size()) {
      result = read(size);
      ASSERT_NE(result.status, IoStatus::failed);
      ASSERT_LE(result.count, size);
      received += got(result);
    }
    EXPECT_TRUE(received == text) << size;
    EXPECT_EQ(read().status, IoStatus::blocked);
  }
}

TEST_F(TlsTransportTest, MoreIsSetWhileClearBytesWaitInside) {
  connect();
  sockets_->send(encrypted(test::counted(5000)));
  std::size_t received = 0;
  while (received < 5000) {
    const ReadResult result = read(1000);
    received += result.count;
    EXPECT_TRUE(result.more) << received;
  }
  EXPECT_FALSE(read(1000).more);
}

TEST_F(TlsTransportTest, MoreIsSetWhenAllThatWasAskedForGivesNothing) {
  connect();
  sockets_->send(encrypted(test::counted(5000)));
  const ReadResult result = read(100);
  EXPECT_EQ(result.status, IoStatus::blocked);
  EXPECT_TRUE(result.more) << "the rest of the record is in the socket";
}

TEST_F(TlsTransportTest, EndOfStreamWithoutCloseNotifyIsClosed) {
  connect();
  sockets_->close_theirs();
  EXPECT_EQ(read().status, IoStatus::closed);
}

TEST_F(TlsTransportTest, CloseNotifyBehindDataIsClosedAfterTheData) {
  connect();
  std::string wire = encrypted("last");
  peer_->close();
  wire += as_text(peer_->output().view());
  sockets_->send(wire);
  const ReadResult data = read();
  EXPECT_EQ(got(data), "last");
  EXPECT_TRUE(data.more) << "the owner must come back though the socket has nothing";
  EXPECT_EQ(read().status, IoStatus::closed);
}

TEST_F(TlsTransportTest, GarbageFailsAndTellsThePeer) {
  connect();
  sockets_->send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  const ReadResult result = read();
  EXPECT_EQ(result.status, IoStatus::failed);
  EXPECT_TRUE(transport_->error().starts_with("read failed: error:")) << transport_->error();
  const std::string alert = sockets_->receive();
  EXPECT_FALSE(alert.empty());
  EXPECT_EQ(read().status, IoStatus::failed);
}

TEST_F(TlsTransportTest, ShutdownSendsCloseNotify) {
  connect();
  transport_->shutdown(scratch());
  peer_->feed(as_bytes(sockets_->receive()));
  TlsStatus last = TlsStatus::done;
  read_all(*peer_, &last);
  EXPECT_EQ(last, TlsStatus::closed);
}

TEST_F(TlsTransportTest, SendToAPeerThatLeftFailsWithAReason) {
  connect();
  sockets_->close_theirs();
  EXPECT_EQ(send({"x"}), IoStatus::failed);
  EXPECT_EQ(transport_->error(), "Broken pipe");
}

TEST_F(TlsTransportTest, ResetIsAFailureWithAReason) {
  connect(SocketPair::tcp());
  sockets_->reset_theirs();
  EXPECT_EQ(read().status, IoStatus::failed);
  EXPECT_EQ(transport_->error(), "Connection reset by peer");
}

TEST_F(TlsTransportTest, ReleasedDescriptorStaysOpen) {
  connect();
  const int descriptor = transport_->release_descriptor();
  transport_.reset();
  EXPECT_EQ(::close(descriptor), 0);
}

}  // namespace
}  // namespace uvb
