#include "transport/tls_engine.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tls_fixture.h"

namespace uvb {
namespace {

using test::KeyKind;
using test::RawClient;
using test::read_all;
using test::TlsPair;
using test::TlsPaths;

class TlsHandshakeTest : public test::TlsFixture {};

TEST_F(TlsHandshakeTest, S020_AlpnPostgresqlIsSelectedWhenOffered) {
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

TEST_F(TlsHandshakeTest, S021_AlpnWithoutPostgresqlIsRefusedWithItsAlert) {
  for (const std::string_view offer : {"\x02h2", "\x0blongestname", "\x0cmuchtoolong!", "\x0bpostgresqlx"}) {
    const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::allow, ec_)));
    RawClient client;
    SSL_set_alpn_protos(client.ssl(), as_bytes(offer).data(), static_cast<unsigned>(offer.size()));
    EXPECT_FALSE(client.shake_hands(*engine)) << offer;
    EXPECT_TRUE(openssl_text().ends_with("alert no application protocol")) << offer;
  }
}

TEST_F(TlsHandshakeTest, S022_NoAlpnIsFine) {
  const auto engine = TlsEngine::accept(load(TlsSide::client, accepting(SslMode::allow, ec_)));
  RawClient client;
  EXPECT_TRUE(client.shake_hands(*engine));
}

TEST_F(TlsHandshakeTest, DirectConnectionsOfferAlpn) {
  TlsPair both = pair(accepting(SslMode::require, ec_), connecting(SslMode::require), "db.example.com", true);
  both.connector->handshake();
  EXPECT_NE(as_text(both.connector->output().view()).find("\x0apostgresql"), std::string_view::npos);
  EXPECT_TRUE(both.shake_hands());
}

TEST_F(TlsHandshakeTest, OthersDoNotOfferAlpn) {
  TlsPair both = plain_pair();
  both.connector->handshake();
  EXPECT_EQ(as_text(both.connector->output().view()).find("postgresql"), std::string_view::npos);
}

TEST_F(TlsHandshakeTest, ServerNameIsSentForNamesOnly) {
  for (const auto& [host, sent] :
       {std::pair<std::string, bool>{"db.example.com", true}, {"127.0.0.1", false}, {"::1", false}, {"", false}}) {
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

class TlsServerCheck : public TlsHandshakeTest, public ::testing::WithParamInterface<ServerCheck> {};

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

INSTANTIATE_TEST_SUITE_P(Modes, TlsServerCheck,
                         ::testing::Values(ServerCheck{SslMode::allow, "stranger", "db.example.com", ""},
                                           ServerCheck{SslMode::prefer, "stranger", "db.example.com", ""},
                                           ServerCheck{SslMode::require, "stranger", "other.example.com", ""},
                                           ServerCheck{SslMode::require, "expired", "db.example.com", ""},
                                           ServerCheck{SslMode::verify_ca, "stranger", "db.example.com", kSelfSigned},
                                           ServerCheck{SslMode::verify_ca, "expired", "db.example.com", kExpired},
                                           ServerCheck{SslMode::verify_ca, "ec", "other.example.com", ""},
                                           ServerCheck{SslMode::verify_full, "ec", "db.example.com", ""},
                                           ServerCheck{SslMode::verify_full, "ec", "127.0.0.1", ""},
                                           ServerCheck{SslMode::verify_full, "ec", "127.0.0.2",
                                                       "name '127.0.0.2' not present in server certificate"},
                                           ServerCheck{SslMode::verify_full, "ec", "",
                                                       "name '' not present in server certificate"},
                                           ServerCheck{SslMode::verify_full, "ec", "other.example.com",
                                                       "name 'other.example.com' not present in server certificate"},
                                           ServerCheck{SslMode::verify_full, "stranger", "db.example.com", kSelfSigned},
                                           ServerCheck{SslMode::verify_full, "expired", "db.example.com", kExpired}));

TEST_F(TlsHandshakeTest, WrongHostIsToldToTheServerByAnAlert) {
  TlsPair both = pair(accepting(SslMode::require, ec_), connecting(SslMode::verify_full), "other.example.com");
  EXPECT_FALSE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->error().find("alert") != std::string::npos) << both.acceptor->error();
}

TEST_F(TlsHandshakeTest, ChainIsSentFromTheCertificateFile) {
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

class TlsClientCheck : public TlsHandshakeTest, public ::testing::WithParamInterface<ClientCheck> {};

TEST_P(TlsClientCheck, ClientCertificateIsCheckedAsTheModeSays) {
  for (const char* protocol : {"tlsv1.2", "tlsv1.3"}) {
    const std::string name = GetParam().certificate;
    TlsSettings acceptor = accepting(GetParam().mode, ec_);
    acceptor.protocols = protocol;
    TlsPair both =
        pair(acceptor, name.empty() ? connecting(SslMode::require) : connecting_as(name == "user" ? user_ : stranger_));
    EXPECT_EQ(both.shake_hands(), GetParam().accepted) << both.acceptor->error();
    if (!GetParam().accepted) continue;
    EXPECT_EQ(both.acceptor->peer_verified(), GetParam().verified);
    EXPECT_EQ(both.acceptor->peer_names("alice"), GetParam().verified);
    EXPECT_EQ(both.acceptor->peer_names("Alice"), GetParam().verified);
    EXPECT_FALSE(both.acceptor->peer_names("bob"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Modes, TlsClientCheck,
    ::testing::Values(
        ClientCheck{SslMode::allow, "", true, false}, ClientCheck{SslMode::prefer, "", true, false},
        ClientCheck{SslMode::require, "", true, false}, ClientCheck{SslMode::allow, "user", true, true},
        ClientCheck{SslMode::prefer, "user", true, true}, ClientCheck{SslMode::require, "user", true, true},
        ClientCheck{SslMode::allow, "stranger", false, false}, ClientCheck{SslMode::prefer, "stranger", false, false},
        ClientCheck{SslMode::require, "stranger", false, false}, ClientCheck{SslMode::verify_ca, "", false, false},
        ClientCheck{SslMode::verify_ca, "user", true, true}, ClientCheck{SslMode::verify_ca, "stranger", false, false},
        ClientCheck{SslMode::verify_full, "", false, false}, ClientCheck{SslMode::verify_full, "user", true, true}));

TEST_F(TlsHandshakeTest, AuthoritiesAreNamedToClientsOnlyWhenACaFileIsSet) {
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

TEST_F(TlsHandshakeTest, ServerEndPointIsTheSameOnBothSides) {
  for (const TlsPaths& paths : {ec_, rsa_}) {
    TlsPair both = pair(accepting(SslMode::require, paths), connecting(SslMode::require));
    ASSERT_TRUE(both.shake_hands());
    EXPECT_EQ(both.acceptor->server_end_point().size(), 32U);
    EXPECT_EQ(both.acceptor->server_end_point(), both.connector->server_end_point());
  }
}

TEST_F(TlsHandshakeTest, ServerEndPointIsEmptyForSignaturesWithoutADigest) {
  const TlsPaths paths = files_->issue_self_signed("ed", {.common_name = "db.example.com", .key = KeyKind::ed25519});
  TlsPair both = pair(accepting(SslMode::require, paths), connecting(SslMode::require));
  ASSERT_TRUE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->server_end_point().empty());
  EXPECT_TRUE(both.connector->server_end_point().empty());
}

TEST_F(TlsHandshakeTest, RsaAndEcdsaSideBySideServeBothKindsOfClients) {
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

TEST_F(TlsHandshakeTest, CertificateIsChosenByServerName) {
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

TEST_F(TlsHandshakeTest, NoCommonProtocolFails) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.protocols = "tlsv1.3";
  TlsSettings connector = connecting(SslMode::require);
  connector.protocols = "tlsv1.2";
  TlsPair both = pair(acceptor, connector);
  EXPECT_FALSE(both.shake_hands());
  EXPECT_TRUE(both.acceptor->error().ends_with("unsupported protocol")) << both.acceptor->error();
}

TEST_F(TlsHandshakeTest, Tls13SuitesAreTheOnesSet) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.tls13_ciphers = "TLS_CHACHA20_POLY1305_SHA256";
  TlsPair both = pair(acceptor, connecting(SslMode::require));
  ASSERT_TRUE(both.shake_hands());
  EXPECT_EQ(both.acceptor->description(), "TLSv1.3/TLS_CHACHA20_POLY1305_SHA256");
}

using LastStepTest = TlsHandshakeTest;

TEST_F(LastStepTest, OnlyFinishedIsMissingWhenTheFlightIsMade) {
  TlsPair both = pair(accepting(SslMode::require, ec_), connecting(SslMode::require));
  EXPECT_FALSE(both.acceptor->lacks_only_finished());
  both.connector->handshake();
  both.exchange();
  EXPECT_TRUE(both.acceptor->lacks_only_finished());
  both.exchange();
  EXPECT_TRUE(both.acceptor->established());
  EXPECT_FALSE(both.acceptor->lacks_only_finished());
}

TEST_F(LastStepTest, HalfAHelloIsNotTheLastStep) {
  TlsPair both = pair(accepting(SslMode::require, ec_), connecting(SslMode::require));
  both.connector->handshake();
  const Buffer& hello = both.connector->output();
  both.acceptor->feed(hello.view().first(hello.size() / 2));
  EXPECT_EQ(both.acceptor->handshake(), TlsStatus::needs_input);
  EXPECT_FALSE(both.acceptor->lacks_only_finished());
}

TEST_F(LastStepTest, HelloThatMustBeRepeatedIsNotTheLastStep) {
  TlsSettings acceptor = accepting(SslMode::require, ec_);
  acceptor.ecdhcurve = "prime256v1";
  TlsPair both = pair(acceptor, connecting(SslMode::require));
  both.connector->handshake();
  both.exchange();
  EXPECT_FALSE(both.acceptor->lacks_only_finished());
  both.exchange();
  EXPECT_TRUE(both.acceptor->lacks_only_finished());
}

TEST_F(LastStepTest, CertificateOfTheClientIsStillToBeChecked) {
  for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{100}}) {
    TlsPair both = pair(accepting(SslMode::require, ec_), connecting_as(user_));
    both.connector->handshake();
    both.exchange();
    const ByteView flight = both.connector->output().view();
    bool last_step_only = both.acceptor->lacks_only_finished();
    for (std::size_t at = 0; at < flight.size(); at += piece) {
      both.acceptor->feed(flight.subspan(at, std::min(piece, flight.size() - at)));
      last_step_only = both.acceptor->lacks_only_finished();
      both.acceptor->handshake();
    }
    EXPECT_FALSE(last_step_only);
    EXPECT_TRUE(both.acceptor->established());
  }
}

TEST_F(LastStepTest, Tls12HasKeyWorkUpToItsEnd) {
  TlsSettings connector = connecting(SslMode::require);
  connector.protocols = "tlsv1.2";
  TlsPair both = pair(accepting(SslMode::require, ec_), connector);
  both.connector->handshake();
  while (!both.acceptor->established()) {
    EXPECT_FALSE(both.acceptor->lacks_only_finished());
    both.exchange();
    ASSERT_TRUE(both.acceptor->error().empty());
  }
}

}  // namespace
}  // namespace uvb
