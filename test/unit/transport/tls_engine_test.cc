#include "transport/tls_engine.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <numeric>
#include "tls_fixture.h"

namespace uvb {
namespace {

using test::KeyKind;
using test::RawClient;
using test::read_all;
using test::TlsPair;
using test::TlsPaths;

class TlsEngineTest : public test::TlsFixture {};

struct Combination {
  const char* protocol;
  KeyKind key;
  const char* ciphers;
  const char* expected;
};

class TlsCombination : public TlsEngineTest, public ::testing::WithParamInterface<Combination> {};

TEST_P(TlsCombination, TalksBothWaysAndDescribesItselfAlike) {
  TlsSettings acceptor = accepting(SslMode::require, GetParam().key == KeyKind::rsa ? rsa_ : ec_);
  acceptor.protocols = GetParam().protocol;
  acceptor.ciphers = GetParam().ciphers;
  TlsPair both = pair(acceptor, connecting(SslMode::verify_full));
  ASSERT_TRUE(both.shake_hands()) << both.acceptor->error() << " / " << both.connector->error();
  expect_talks(both);
  EXPECT_EQ(both.acceptor->description(), GetParam().expected);
  EXPECT_EQ(both.connector->description(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, TlsCombination,
    ::testing::Values(
        Combination{"tlsv1.3", KeyKind::ec, "default", "TLSv1.3/TLS_AES_256_GCM_SHA384"},
        Combination{"tlsv1.3", KeyKind::rsa, "default", "TLSv1.3/TLS_AES_256_GCM_SHA384"},
        Combination{"tlsv1.2", KeyKind::ec, "ECDHE-ECDSA-AES128-GCM-SHA256",
                    "TLSv1.2/ECDHE-ECDSA-AES128-GCM-SHA256/ECDH=X25519"},
        Combination{"tlsv1.2", KeyKind::rsa, "ECDHE-RSA-AES256-GCM-SHA384",
                    "TLSv1.2/ECDHE-RSA-AES256-GCM-SHA384/ECDH=X25519"},
        Combination{"tlsv1.2", KeyKind::rsa, "ECDHE-RSA-AES128-SHA", "TLSv1.2/ECDHE-RSA-AES128-SHA/ECDH=X25519"},
        Combination{"tlsv1.2", KeyKind::rsa, "DHE-RSA-AES128-GCM-SHA256", "TLSv1.2/DHE-RSA-AES128-GCM-SHA256/DH=2048"},
        Combination{"tlsv1.2", KeyKind::rsa, "AES128-GCM-SHA256", "TLSv1.2/AES128-GCM-SHA256"}));

TEST_F(TlsEngineTest, CurveThatWasSetIsTheOneUsed) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.protocols = "tlsv1.2";
  acceptor.ecdhcurve = "secp384r1";
  TlsPair both = pair(acceptor, connecting(SslMode::require));
  ASSERT_TRUE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->description().ends_with("/ECDH=secp384r1")) << both.acceptor->description();
}

TEST_F(TlsEngineTest, DheSuitesAreUnavailableWithDheparamsNone) {
  TlsSettings acceptor = accepting(SslMode::require, rsa_);
  acceptor.protocols = "tlsv1.2";
  acceptor.ciphers = "DHE-RSA-AES128-GCM-SHA256";
  acceptor.dheparams = "none";
  TlsPair both = pair(acceptor, connecting(SslMode::require));
  EXPECT_FALSE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->error().ends_with("no shared cipher")) << both.acceptor->error();
}

TEST_F(TlsEngineTest, HandshakeAndDataSplitAtEveryByte) {
  for (const char* protocol : {"tlsv1.2", "tlsv1.3"}) {
    TlsSettings acceptor = accepting(SslMode::require, ec_);
    acceptor.protocols = protocol;
    TlsPair both = pair(acceptor, connecting(SslMode::require));
    both.piece = 1;
    ASSERT_TRUE(both.shake_hands()) << protocol;
    expect_talks(both);
  }
}

TEST_F(TlsEngineTest, RecordSplitAtEveryPlaceIsGivenOnlyWhenWhole) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  std::array<std::uint8_t, 100> into{};
  for (std::size_t cut = 1; cut < 40; ++cut) {
    both.connector->write(as_bytes("0123456789"));
    Buffer& wire = both.connector->output();
    ASSERT_LT(cut, wire.size() + 10);
    const std::size_t first = std::min(cut, wire.size() - 1);
    std::size_t count = 0;
    EXPECT_EQ(both.acceptor->read_from(wire.view().first(first), into, count), TlsStatus::needs_input);
    EXPECT_EQ(count, 0U);
    EXPECT_FALSE(both.acceptor->readable());
    EXPECT_EQ(both.acceptor->read_from(wire.view().subspan(first), into, count), TlsStatus::done);
    EXPECT_EQ(as_text(ByteView(into).first(count)), "0123456789");
    wire.release();
  }
}

TEST_F(TlsEngineTest, RecordsTowardsClientsHoldAtMost8KiB) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  const std::string large(100000, 'x');
  ASSERT_EQ(both.acceptor->write(as_bytes(large)), TlsStatus::done);
  const std::vector<std::size_t> bodies = test::record_bodies(both.acceptor->output().view());
  EXPECT_EQ(bodies.size(), 13U);
  // TLS 1.3: one byte of type and sixteen of tag.
  for (const std::size_t body : bodies) EXPECT_LE(body, 8192U + 17);
  both.exchange();
  EXPECT_EQ(read_all(*both.connector), large);
}

TEST_F(TlsEngineTest, RecordsTowardsServersHold16KiB) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  both.connector->write(as_bytes(std::string(32768, 'x')));
  EXPECT_EQ(test::record_bodies(both.connector->output().view()), (std::vector<std::size_t>{16401, 16401}));
}

TEST_F(TlsEngineTest, LentMemoryTakesOutputFirstAndTheRestFollowsInOrder) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  std::string large(40000, 'a');
  std::iota(large.begin(), large.end(), '\0');
  for (const std::size_t sent : {std::size_t{0}, std::size_t{7}, std::size_t{9000}, std::size_t{30000}}) {
    std::vector<std::uint8_t> memory(10000);
    both.acceptor->lend_output(memory);
    ASSERT_EQ(both.acceptor->write(as_bytes(large)), TlsStatus::done);
    std::string wire(as_text(both.acceptor->lent_output()));
    EXPECT_GT(wire.size(), 8192U);
    wire += as_text(both.acceptor->output().view());
    both.acceptor->give_back_output(sent);
    EXPECT_EQ(as_text(both.acceptor->output().view()), std::string_view(wire).substr(sent));
    both.acceptor->output().release();
    both.connector->feed(as_bytes(wire));
    EXPECT_EQ(read_all(*both.connector), large);
  }
}

TEST_F(TlsEngineTest, ReadIntoLittleMemoryLosesNothing) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  std::string large(20000, 'a');
  std::iota(large.begin(), large.end(), '\0');
  both.connector->write(as_bytes(large));
  both.exchange();
  std::string got;
  std::array<std::uint8_t, 7> into{};
  std::size_t count = 0;
  while (both.acceptor->read(into, count) == TlsStatus::done) {
    got += as_text(ByteView(into).first(count));
    ASSERT_EQ(both.acceptor->readable(), got.size() < large.size());
  }
  EXPECT_EQ(got, large);
  EXPECT_FALSE(both.acceptor->readable());
}

TEST_F(TlsEngineTest, WantedBytesAlwaysFit) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  both.connector->write(as_bytes(std::string(60000, 'x')));
  ByteView wire = both.connector->output().view();
  std::vector<std::uint8_t> into(16384);
  while (!wire.empty()) {
    const std::size_t size = std::min(both.acceptor->wanted(into.size()), wire.size());
    std::size_t count = 0;
    ASSERT_NE(both.acceptor->read_from(wire.first(size), into, count), TlsStatus::failed);
    EXPECT_FALSE(both.acceptor->readable());
    wire = wire.subspan(size);
  }
}

TEST_F(TlsEngineTest, DataBehindTheFinishedMessageIsKept) {
  TlsPair both = plain_pair();
  both.connector->handshake();
  both.exchange();
  ASSERT_TRUE(both.connector->established());
  both.connector->write(as_bytes("startup"));
  both.acceptor->feed(both.connector->output().view());
  EXPECT_EQ(both.acceptor->handshake(), TlsStatus::done);
  EXPECT_TRUE(both.acceptor->readable());
  EXPECT_EQ(read_all(*both.acceptor), "startup");
}

TEST_F(TlsEngineTest, CloseNotifyIsSeenBehindTheData) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  both.connector->write(as_bytes("bye"));
  both.connector->close();
  both.exchange();
  TlsStatus last = TlsStatus::done;
  EXPECT_EQ(read_all(*both.acceptor, &last), "bye");
  EXPECT_EQ(last, TlsStatus::closed);
}

TEST_F(TlsEngineTest, GarbageInsteadOfAHandshakeFails) {
  for (const std::string_view garbage : {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff garbage of a record too long",
                                         "\x80\x2e\x01\x03\x01 something like SSLv2 hello......................."}) {
    const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::require, ec_)));
    engine->feed(as_bytes(std::string_view(garbage.data(), garbage.size())));
    EXPECT_EQ(engine->handshake(), TlsStatus::failed) << garbage;
    EXPECT_TRUE(engine->error().starts_with("handshake failed: error:")) << engine->error();
    EXPECT_EQ(engine->handshake(), TlsStatus::failed);
  }
}

TEST_F(TlsEngineTest, DamagedRecordFailsAfterTheGoodOnes) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  both.connector->write(as_bytes("good"));
  const std::size_t good = both.connector->output().size();
  both.connector->write(as_bytes("bad"));
  both.connector->output().data()[good + 7] ^= 1;
  both.exchange();
  TlsStatus last = TlsStatus::done;
  EXPECT_EQ(read_all(*both.acceptor, &last), "good");
  EXPECT_EQ(last, TlsStatus::failed);
  EXPECT_TRUE(both.acceptor->readable());
  EXPECT_TRUE(both.acceptor->error().starts_with("read failed: error:")) << both.acceptor->error();
  EXPECT_FALSE(both.acceptor->output().empty()) << "an alert goes to the peer";
  EXPECT_EQ(both.acceptor->write(as_bytes("x")), TlsStatus::failed);
}

TEST_F(TlsEngineTest, RecordLongerThanAllowedFailsWithoutWaitingForIt) {
  TlsPair both = plain_pair();
  ASSERT_TRUE(both.shake_hands());
  both.acceptor->feed(as_bytes(std::string_view("\x17\x03\x03\xff\xff", 5)));
  std::array<std::uint8_t, 10> into{};
  std::size_t count = 0;
  EXPECT_EQ(both.acceptor->read(into, count), TlsStatus::failed);
}

TEST_F(TlsEngineTest, KeyUpdateIsAnsweredAndDataGoesOn) {
  const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::require, ec_)));
  RawClient client;
  ASSERT_TRUE(client.shake_hands(*engine));
  SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
  SSL_write(client.ssl(), "after", 5);
  engine->feed(as_bytes(client.take_output()));
  EXPECT_EQ(read_all(*engine), "after");
  engine->write(as_bytes("answer"));
  EXPECT_EQ(test::record_bodies(engine->output().view()).size(), 2U) << "our own key update goes before the answer";
  client.feed(engine->output());
  std::array<char, 10> into{};
  EXPECT_EQ(SSL_read(client.ssl(), into.data(), 10), 6);
}

TEST_F(TlsEngineTest, ErrorsOfOthersInTheThreadsQueueAreNotTaken) {
  const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::require, ec_)));
  RawClient client;
  ASSERT_TRUE(client.shake_hands(*engine));
  // A record without data: the read behind it finds nothing more.
  SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
  SSL_do_handshake(client.ssl());
  engine->feed(as_bytes(client.take_output()));
  ERR_raise(ERR_LIB_X509, ERR_R_INTERNAL_ERROR);
  std::array<std::uint8_t, 10> into{};
  std::size_t count = 0;
  EXPECT_EQ(engine->read(into, count), TlsStatus::needs_input) << engine->error();
  SSL_write(client.ssl(), "after", 5);
  engine->feed(as_bytes(client.take_output()));
  EXPECT_EQ(read_all(*engine), "after");
  EXPECT_EQ(engine->write(as_bytes("answer")), TlsStatus::done);
  ERR_clear_error();
}

TEST_F(TlsEngineTest, EndlessKeyUpdatesDoNotFillMemory) {
  const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::require, ec_)));
  RawClient client;
  ASSERT_TRUE(client.shake_hands(*engine));
  TlsStatus last = TlsStatus::done;
  for (int i = 0; i < 2000 && last != TlsStatus::failed; ++i) {
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_write(client.ssl(), "x", 1);
    engine->feed(as_bytes(client.take_output()));
    read_all(*engine, &last);
  }
  EXPECT_EQ(last, TlsStatus::failed);
  EXPECT_EQ(engine->error(), "read failed: the peer asks for key updates and does not take them");
  EXPECT_LT(engine->output().size(), 20000U);
}

TEST_F(TlsEngineTest, RenegotiationIsRefused) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.protocols = "tlsv1.2";
  const auto engine = TlsEngine::accept(load(TlsSide::client, acceptor));
  RawClient client;
  ASSERT_TRUE(client.shake_hands(*engine));
  SSL_renegotiate(client.ssl());
  SSL_do_handshake(client.ssl());
  engine->feed(as_bytes(client.take_output()));
  TlsStatus last = TlsStatus::done;
  EXPECT_EQ(read_all(*engine, &last), "");
  EXPECT_EQ(last, TlsStatus::failed);
  EXPECT_EQ(engine->error(), "read failed: renegotiation is refused");
  client.feed(engine->output());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

/// Heap in use; 0 where a sanitizer replaces malloc().
std::size_t heap_in_use() { return ::mallinfo2().uordblks; }

TEST_F(TlsEngineTest, IdleClientCostsLittleMoreThanOpenSslItself) {
  if (heap_in_use() == 0) GTEST_SKIP() << "this malloc() does not tell what is in use";
  constexpr std::size_t kConnections = 100;
  std::vector<std::unique_ptr<TlsEngine>> kept;
  kept.reserve(kConnections);
  const TlsPair first = plain_pair();
  const auto accepting_context = load(TlsSide::client, accepting(SslMode::require, ec_));
  const auto connecting_context = load(TlsSide::server, connecting(SslMode::require));
  const std::size_t before = heap_in_use();
  for (std::size_t i = 0; i < kConnections; ++i) {
    TlsPair both{TlsEngine::accept(accepting_context), TlsEngine::connect(connecting_context, "db", false)};
    ASSERT_TRUE(both.shake_hands());
    expect_talks(both);
    both.acceptor->write(as_bytes(std::string(50000, 'x')));
    both.exchange();
    kept.push_back(std::move(both.acceptor));
  }
  // OpenSSL 3.0 keeps 14.0 KiB itself (the SSL object alone has 7.4); its record buffers would be 33 more.
  EXPECT_LT((heap_in_use() - before) / kConnections, 15500U);
}

}  // namespace
}  // namespace uvb
