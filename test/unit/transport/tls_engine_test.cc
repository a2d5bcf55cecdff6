#include "transport/tls_engine.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <numeric>

#include "fakes/tls_files.h"
#include "transport/tls_pair.h"

namespace uvb {
namespace {

using test::KeyKind;
using test::read_all;
using test::TlsPair;
using test::TlsPaths;

class TlsEngineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = std::make_unique<test::TlsFiles>();
    ec_ = files_->issue("ec", {.common_name = "db.example.com", .alternative_names = {"DNS:db.example.com", "IP:127.0.0.1"}});
    rsa_ = files_->issue("rsa", {.common_name = "db.example.com", .key = KeyKind::rsa});
    user_ = files_->issue("user", {.common_name = "alice"});
    stranger_ = files_->issue_self_signed("stranger", {.common_name = "db.example.com"});
    expired_ = files_->issue("expired", {.common_name = "db.example.com", .valid_from_days = -20, .valid_to_days = -10});
  }
  static void TearDownTestSuite() { files_.reset(); }

  static TlsSettings accepting(SslMode mode, const TlsPaths& paths) {
    TlsSettings settings;
    settings.mode = mode;
    settings.cert_file = paths.certificate;
    settings.key_file = paths.key;
    settings.ca_file = files_->ca();
    return settings;
  }
  static TlsSettings connecting(SslMode mode) {
    TlsSettings settings;
    settings.mode = mode;
    settings.ca_file = files_->ca();
    return settings;
  }
  static TlsSettings connecting_as(const TlsPaths& paths, SslMode mode = SslMode::require) {
    TlsSettings settings = connecting(mode);
    settings.cert_file = paths.certificate;
    settings.key_file = paths.key;
    return settings;
  }
  static std::shared_ptr<const TlsContext> load(TlsSide side, const TlsSettings& settings) {
    auto context = TlsContext::load(side, settings, false);
    if (!context) throw std::runtime_error(context.error().message);
    return *context;
  }
  static TlsPair pair(const TlsSettings& acceptor, const TlsSettings& connector, const std::string& host = "db.example.com",
                      bool direct = false) {
    return {TlsEngine::accept(load(TlsSide::client, acceptor)),
            TlsEngine::connect(load(TlsSide::server, connector), host, direct)};
  }
  static TlsPair plain_pair() {
    return pair(accepting(SslMode::require, ec_), connecting(SslMode::require));
  }

  static inline std::unique_ptr<test::TlsFiles> files_;
  static inline TlsPaths ec_, rsa_, user_, stranger_, expired_;
};

void expect_talks(TlsPair& both) {
  ASSERT_EQ(both.connector->write(as_bytes("ping")), TlsStatus::done);
  both.exchange();
  EXPECT_EQ(read_all(*both.acceptor), "ping");
  ASSERT_EQ(both.acceptor->write(as_bytes("pong")), TlsStatus::done);
  both.exchange();
  EXPECT_EQ(read_all(*both.connector), "pong");
}

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
        Combination{"tlsv1.2", KeyKind::ec, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2/ECDHE-ECDSA-AES128-GCM-SHA256/ECDH=X25519"},
        Combination{"tlsv1.2", KeyKind::rsa, "ECDHE-RSA-AES256-GCM-SHA384", "TLSv1.2/ECDHE-RSA-AES256-GCM-SHA384/ECDH=X25519"},
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

/// A client of OpenSSL's own, for what our connecting side never does.
class RawClient {
 public:
  RawClient() : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }
  SSL* ssl() { return ssl_.get(); }

  std::string take_output() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
    std::string result(bytes, static_cast<std::size_t>(size));
    static_cast<void>(BIO_reset(SSL_get_wbio(ssl_.get())));
    return result;
  }
  void feed(Buffer& from) {
    BIO_write(SSL_get_rbio(ssl_.get()), from.view().data(), static_cast<int>(from.size()));
    from.release();
  }
  bool shake_hands(TlsEngine& engine) {
    for (int turn = 0; turn < 6; ++turn) {
      SSL_do_handshake(ssl_.get());
      engine.feed(as_bytes(take_output()));
      if (engine.handshake() == TlsStatus::failed) {
        feed(engine.output());
        SSL_do_handshake(ssl_.get());
        return false;
      }
      feed(engine.output());
    }
    return engine.established() && SSL_is_init_finished(ssl_.get()) == 1;
  }

 private:
  OpenSslPtr<SSL_CTX> context_;
  OpenSslPtr<SSL> ssl_;
};

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

TEST_F(TlsEngineTest, S020_AlpnPostgresqlIsSelectedWhenOffered) {
  const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::allow, ec_)));
  RawClient client;
  const std::string offer("\x02h2\x0apostgresql");
  SSL_set_alpn_protos(client.ssl(), as_bytes(offer).data(), static_cast<unsigned>(offer.size()));
  ASSERT_TRUE(client.shake_hands(*engine));
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.ssl(), &name, &size);
  EXPECT_EQ(as_text({name, size}), "postgresql");
}

TEST_F(TlsEngineTest, S021_AlpnWithoutPostgresqlIsRefusedWithItsAlert) {
  for (const std::string_view offer : {"\x02h2", "\x0blongestname", "\x0cmuchtoolong!", "\x0bpostgresqlx"}) {
    const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::allow, ec_)));
    RawClient client;
    SSL_set_alpn_protos(client.ssl(), as_bytes(offer).data(), static_cast<unsigned>(offer.size()));
    EXPECT_FALSE(client.shake_hands(*engine)) << offer;
    EXPECT_TRUE(openssl_text().ends_with("alert no application protocol")) << offer;
  }
}

TEST_F(TlsEngineTest, S022_NoAlpnIsFine) {
  const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::allow, ec_)));
  RawClient client;
  EXPECT_TRUE(client.shake_hands(*engine));
}

TEST_F(TlsEngineTest, DirectConnectionsOfferAlpn) {
  TlsPair both = pair(accepting(SslMode::require, ec_), connecting(SslMode::require), "db.example.com", true);
  both.connector->handshake();
  EXPECT_NE(as_text(both.connector->output().view()).find("\x0apostgresql"), std::string_view::npos);
  EXPECT_TRUE(both.shake_hands());
}

TEST_F(TlsEngineTest, OthersDoNotOfferAlpn) {
  TlsPair both = plain_pair();
  both.connector->handshake();
  EXPECT_EQ(as_text(both.connector->output().view()).find("postgresql"), std::string_view::npos);
}

TEST_F(TlsEngineTest, ServerNameIsSentForNamesOnly) {
  for (const auto& [host, sent] : {std::pair<std::string, bool>{"db.example.com", true}, {"127.0.0.1", false}, {"::1", false}, {"", false}}) {
    TlsPair both = pair(accepting(SslMode::require, ec_), connecting(SslMode::require), host);
    both.connector->handshake();
    const std::string_view hello = as_text(both.connector->output().view());
    EXPECT_EQ(!host.empty() && hello.find(host) != std::string_view::npos, sent) << host;
    EXPECT_TRUE(both.shake_hands());
  }
}

struct ServerCheck {
  SslMode mode;
  const char* certificate;
  const char* host;
  const char* error_end;  ///< empty: connects
};

class TlsServerCheck : public TlsEngineTest, public ::testing::WithParamInterface<ServerCheck> {};

TEST_P(TlsServerCheck, ServerCertificateIsCheckedAsTheModeSays) {
  const ServerCheck& check = GetParam();
  const std::string name = check.certificate;
  const TlsPaths& paths = name == "stranger" ? stranger_ : name == "expired" ? expired_ : ec_;
  TlsPair both = pair(accepting(SslMode::require, paths), connecting(check.mode), check.host);
  const bool expected = *check.error_end == '\0';
  EXPECT_EQ(both.shake_hands(), expected);
  EXPECT_TRUE(both.connector->error().ends_with(check.error_end)) << both.connector->error();
  EXPECT_EQ(both.connector->error().empty(), expected);
  EXPECT_EQ(both.connector->peer_verified(), expected && check.mode >= SslMode::verify_ca);
}

constexpr const char* kSelfSigned = "certificate verify failed: self-signed certificate";
constexpr const char* kExpired = "certificate verify failed: certificate has expired";

INSTANTIATE_TEST_SUITE_P(
    Modes, TlsServerCheck,
    ::testing::Values(ServerCheck{SslMode::allow, "stranger", "db.example.com", ""},
                      ServerCheck{SslMode::prefer, "stranger", "db.example.com", ""},
                      ServerCheck{SslMode::require, "stranger", "other.example.com", ""},
                      ServerCheck{SslMode::require, "expired", "db.example.com", ""},
                      ServerCheck{SslMode::verify_ca, "stranger", "db.example.com", kSelfSigned},
                      ServerCheck{SslMode::verify_ca, "expired", "db.example.com", kExpired},
                      ServerCheck{SslMode::verify_ca, "ec", "other.example.com", ""},
                      ServerCheck{SslMode::verify_full, "ec", "db.example.com", ""},
                      ServerCheck{SslMode::verify_full, "ec", "127.0.0.1", ""},
                      ServerCheck{SslMode::verify_full, "ec", "127.0.0.2", "name '127.0.0.2' not present in server certificate"},
                      ServerCheck{SslMode::verify_full, "ec", "", "name '' not present in server certificate"},
                      ServerCheck{SslMode::verify_full, "ec", "other.example.com",
                                  "name 'other.example.com' not present in server certificate"},
                      ServerCheck{SslMode::verify_full, "stranger", "db.example.com", kSelfSigned},
                      ServerCheck{SslMode::verify_full, "expired", "db.example.com", kExpired}));

TEST_F(TlsEngineTest, WrongHostIsToldToTheServerByAnAlert) {
  TlsPair both = pair(accepting(SslMode::require, ec_), connecting(SslMode::verify_full), "other.example.com");
  EXPECT_FALSE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->error().find("alert") != std::string::npos) << both.acceptor->error();
}

TEST_F(TlsEngineTest, ChainIsSentFromTheCertificateFile) {
  const TlsPaths paths = files_->issue_by_intermediate("chained", {.common_name = "db.example.com"});
  TlsPair both = pair(accepting(SslMode::require, paths), connecting(SslMode::verify_full));
  EXPECT_TRUE(both.shake_hands()) << both.connector->error();
}

struct ClientCheck {
  SslMode mode;
  const char* certificate;
  bool accepted;
  bool verified;
};

class TlsClientCheck : public TlsEngineTest, public ::testing::WithParamInterface<ClientCheck> {};

TEST_P(TlsClientCheck, ClientCertificateIsCheckedAsTheModeSays) {
  for (const char* protocol : {"tlsv1.2", "tlsv1.3"}) {
    const std::string name = GetParam().certificate;
    TlsSettings acceptor = accepting(GetParam().mode, ec_);
    acceptor.protocols = protocol;
    TlsPair both = pair(acceptor, name.empty() ? connecting(SslMode::require) : connecting_as(name == "user" ? user_ : stranger_));
    EXPECT_EQ(both.shake_hands(), GetParam().accepted) << both.acceptor->error();
    if (!GetParam().accepted) continue;
    EXPECT_EQ(both.acceptor->peer_verified(), GetParam().verified);
    EXPECT_EQ(both.acceptor->peer_names("alice"), GetParam().verified);
    EXPECT_EQ(both.acceptor->peer_names("Alice"), GetParam().verified);
    EXPECT_FALSE(both.acceptor->peer_names("bob"));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, TlsClientCheck,
                         ::testing::Values(ClientCheck{SslMode::allow, "", true, false}, ClientCheck{SslMode::prefer, "", true, false},
                                           ClientCheck{SslMode::require, "", true, false}, ClientCheck{SslMode::allow, "user", true, true},
                                           ClientCheck{SslMode::prefer, "user", true, true}, ClientCheck{SslMode::require, "user", true, true},
                                           ClientCheck{SslMode::allow, "stranger", false, false},
                                           ClientCheck{SslMode::prefer, "stranger", false, false},
                                           ClientCheck{SslMode::require, "stranger", false, false},
                                           ClientCheck{SslMode::verify_ca, "", false, false},
                                           ClientCheck{SslMode::verify_ca, "user", true, true},
                                           ClientCheck{SslMode::verify_ca, "stranger", false, false},
                                           ClientCheck{SslMode::verify_full, "", false, false},
                                           ClientCheck{SslMode::verify_full, "user", true, true}));

TEST_F(TlsEngineTest, AuthoritiesAreNamedToClientsOnlyWhenACaFileIsSet) {
  for (const bool set : {true, false}) {
    TlsSettings acceptor = accepting(SslMode::require, ec_);
    if (!set) acceptor.ca_file.clear();
    const auto context = TlsContext::load(TlsSide::client, acceptor, false);
    if (!set && !context) GTEST_SKIP() << "this system has no bundle of CA certificates: " << context.error().message;
    const auto engine = TlsEngine::accept(*context);
    RawClient client;
    ASSERT_TRUE(client.shake_hands(*engine));
    EXPECT_EQ(sk_X509_NAME_num(SSL_get_client_CA_list(client.ssl())) > 0, set);
  }
}

TEST_F(TlsEngineTest, ServerEndPointIsTheSameOnBothSides) {
  for (const TlsPaths& paths : {ec_, rsa_}) {
    TlsPair both = pair(accepting(SslMode::require, paths), connecting(SslMode::require));
    ASSERT_TRUE(both.shake_hands());
    EXPECT_EQ(both.acceptor->server_end_point().size(), 32U);
    EXPECT_EQ(both.acceptor->server_end_point(), both.connector->server_end_point());
  }
  EXPECT_NE(plain_pair().acceptor, nullptr);
}

TEST_F(TlsEngineTest, ServerEndPointIsEmptyForSignaturesWithoutADigest) {
  const TlsPaths paths = files_->issue_self_signed("ed", {.common_name = "db.example.com", .key = KeyKind::ed25519});
  TlsPair both = pair(accepting(SslMode::require, paths), connecting(SslMode::require));
  ASSERT_TRUE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->server_end_point().empty());
  EXPECT_TRUE(both.connector->server_end_point().empty());
}

TEST_F(TlsEngineTest, RsaAndEcdsaSideBySideServeBothKindsOfClients) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.cert_file = ec_.certificate + ", " + rsa_.certificate;
  acceptor.key_file = ec_.key + ", " + rsa_.key;
  acceptor.protocols = "tlsv1.2";
  for (const std::string kind : {"ECDSA", "RSA"}) {
    TlsSettings connector = connecting(SslMode::verify_full);
    connector.ciphers = "ECDHE-" + kind + "-AES128-GCM-SHA256";
    TlsPair both = pair(acceptor, connector);
    ASSERT_TRUE(both.shake_hands()) << both.connector->error();
    EXPECT_TRUE(both.connector->description().find(kind) != std::string::npos);
  }
}

TEST_F(TlsEngineTest, CertificateIsChosenByServerName) {
  const TlsPaths other = files_->issue("other", {.common_name = "x", .alternative_names = {"DNS:*.other.example"}});
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.cert_file += "," + other.certificate;
  acceptor.key_file += "," + other.key;
  for (const char* host : {"db.example.com", "a.other.example"}) {
    TlsPair both = pair(acceptor, connecting(SslMode::verify_full), host);
    EXPECT_TRUE(both.shake_hands()) << host << ": " << both.connector->error();
    EXPECT_EQ(both.acceptor->server_end_point(), both.connector->server_end_point());
  }
  TlsPair unknown = pair(acceptor, connecting(SslMode::verify_ca), "nobody.example");
  ASSERT_TRUE(unknown.shake_hands()) << "the first certificate is shown to who asks for an unknown name";
}

TEST_F(TlsEngineTest, NoCommonProtocolFails) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.protocols = "tlsv1.3";
  TlsSettings connector = connecting(SslMode::require);
  connector.protocols = "tlsv1.2";
  TlsPair both = pair(acceptor, connector);
  EXPECT_FALSE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->error().ends_with("unsupported protocol")) << both.acceptor->error();
}

TEST_F(TlsEngineTest, Tls13SuitesAreTheOnesSet) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.tls13_ciphers = "TLS_CHACHA20_POLY1305_SHA256";
  TlsPair both = pair(acceptor, connecting(SslMode::require));
  ASSERT_TRUE(both.shake_hands());
  EXPECT_EQ(both.acceptor->description(), "TLSv1.3/TLS_CHACHA20_POLY1305_SHA256");
}

}  // namespace
}  // namespace uvb
