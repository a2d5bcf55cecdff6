#include "transport/tls_context.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "fakes/tls_files.h"

namespace uvb {
namespace {

using test::KeyKind;
using test::TlsFiles;
using test::TlsPaths;

class TlsContextTest : public ::testing::Test {
 protected:
  TlsContextTest() : paths_(files_.issue("server", {.common_name = "db.example.com"})) {
    client_.mode = SslMode::require;
    client_.cert_file = paths_.certificate;
    client_.key_file = paths_.key;
    client_.ca_file = files_.ca();
    server_.mode = SslMode::prefer;
  }

  static std::string load_error(TlsSide side, const TlsSettings& settings, bool auth_is_cert = false) {
    const auto context = TlsContext::load(side, settings, auth_is_cert);
    return context ? "" : context.error().message;
  }
  static std::string check_error(TlsSide side, const TlsSettings& settings, bool auth_is_cert = false) {
    const Status status = TlsContext::check(side, settings, auth_is_cert);
    return status ? "" : status.error().message;
  }

  TlsFiles files_;
  TlsPaths paths_;
  TlsSettings client_;
  TlsSettings server_;
};

TEST_F(TlsContextTest, LoadsWithDefaults) {
  const auto towards_clients = TlsContext::load(TlsSide::client, client_, false);
  ASSERT_TRUE(towards_clients) << towards_clients.error().message;
  EXPECT_EQ((*towards_clients)->record_size(), 8192U);
  const auto towards_servers = TlsContext::load(TlsSide::server, server_, false);
  ASSERT_TRUE(towards_servers) << towards_servers.error().message;
  EXPECT_EQ((*towards_servers)->record_size(), 16384U);
  EXPECT_EQ((*towards_servers)->settings(), server_);
}

TEST_F(TlsContextTest, DisabledSideIsNotLookedAt) {
  TlsSettings wrong;
  wrong.protocols = "nonsense";
  EXPECT_EQ(check_error(TlsSide::client, wrong, true), "");
  EXPECT_EQ(check_error(TlsSide::server, wrong), "");
}

TEST_F(TlsContextTest, KeyAndCertificateMustBeSetTowardsClients) {
  const char* text = "To allow TLS connections from clients, client_tls_key_file and client_tls_cert_file must be set.";
  TlsSettings settings = client_;
  settings.key_file.clear();
  EXPECT_EQ(load_error(TlsSide::client, settings), text);
  settings = client_;
  settings.cert_file.clear();
  EXPECT_EQ(load_error(TlsSide::client, settings), text);
}

TEST_F(TlsContextTest, CertAuthenticationNeedsVerifyFullAndACaFile) {
  EXPECT_EQ(load_error(TlsSide::client, client_, true),
            "auth_type=cert requires client_tls_sslmode=SSLMODE_VERIFY_FULL");
  client_.mode = SslMode::verify_full;
  EXPECT_EQ(load_error(TlsSide::client, client_, true), "");
  client_.ca_file.clear();
  EXPECT_EQ(load_error(TlsSide::client, client_, true), "auth_type=cert requires client_tls_ca_file");
}

TEST_F(TlsContextTest, VerifyFullNeedsACaFileAndVerifyCaDoesNot) {
  client_.ca_file.clear();
  client_.mode = SslMode::verify_full;
  EXPECT_EQ(check_error(TlsSide::client, client_), "client_tls_sslmode requires client_tls_ca_file");
  client_.mode = SslMode::verify_ca;
  EXPECT_EQ(check_error(TlsSide::client, client_), "");
}

TEST_F(TlsContextTest, BadTextsAreNamed) {
  const auto with = [](TlsSettings settings, std::string TlsSettings::*member, const char* text) {
    settings.*member = text;
    return settings;
  };
  EXPECT_EQ(load_error(TlsSide::client, with(client_, &TlsSettings::protocols, "legacy")),
            "invalid client_tls_protocols: legacy");
  EXPECT_EQ(load_error(TlsSide::server, with(server_, &TlsSettings::protocols, "x")),
            "invalid server_tls_protocols: x");
  EXPECT_EQ(load_error(TlsSide::client, with(client_, &TlsSettings::ciphers, "all")),
            "invalid client_tls_ciphers: all");
  EXPECT_EQ(load_error(TlsSide::server, with(server_, &TlsSettings::ciphers, "x")), "invalid server_tls_ciphers: x");
  EXPECT_EQ(load_error(TlsSide::client, with(client_, &TlsSettings::dheparams, "legacy")),
            "invalid client_tls_dheparams: legacy");
  EXPECT_EQ(load_error(TlsSide::client, with(client_, &TlsSettings::ecdhcurve, "x")),
            "invalid client_tls_ecdhecurve: x");
}

TEST_F(TlsContextTest, GoodTextsAreTaken) {
  for (const char* ciphers :
       {"", "default", "SECURE", "Normal", "fast", "ALL", "HIGH:!aNULL", "ECDHE-RSA-AES128-GCM-SHA256"}) {
    client_.ciphers = ciphers;
    EXPECT_EQ(load_error(TlsSide::client, client_), "") << ciphers;
  }
  for (const char* dheparams : {"", "auto", "none", "AUTO"}) {
    client_.dheparams = dheparams;
    EXPECT_EQ(load_error(TlsSide::client, client_), "") << dheparams;
  }
  for (const char* curve : {"", "auto", "none", "prime256v1", "secp384r1", "1.3.132.0.34"}) {
    client_.ecdhcurve = curve;
    EXPECT_EQ(load_error(TlsSide::client, client_), "") << curve;
  }
}

TEST_F(TlsContextTest, CurveThatIsNoClassicCurveIsRefused) {
  for (const char* curve : {"X25519", "X448", "ED25519", "sha256"}) {
    client_.ecdhcurve = curve;
    EXPECT_EQ(load_error(TlsSide::client, client_), "TLS setup failed: failed to set ECDHE curve") << curve;
  }
}

TEST_F(TlsContextTest, Tls13SuitesAreCheckedOnlyWhenTls13IsEnabled) {
  client_.tls13_ciphers = "nonsense";
  EXPECT_EQ(load_error(TlsSide::client, client_), "TLS setup failed: failed to set the TLSv1.3 cipher suites");
  server_.tls13_ciphers = "nonsense";
  EXPECT_EQ(check_error(TlsSide::server, server_), "") << "found out when a connection is made";
  EXPECT_EQ(load_error(TlsSide::server, server_), "failed to set the TLSv1.3 cipher suites");
  client_.protocols = "tlsv1.2";
  EXPECT_EQ(load_error(TlsSide::client, client_), "");
}

TEST_F(TlsContextTest, MissingKeyFileIsNamedWithTheReason) {
  client_.key_file = files_.directory().file("none.key");
  const std::string error = load_error(TlsSide::client, client_);
  EXPECT_TRUE(error.starts_with("TLS setup failed: failed to load private key file \"" + client_.key_file +
                                "\": No such file or directory (running as "))
      << error;
}

TEST_F(TlsContextTest, MissingCertificateFileIsNamedWithTheReason) {
  client_.cert_file = files_.directory().file("none.crt");
  const std::string error = load_error(TlsSide::client, client_);
  EXPECT_TRUE(error.starts_with("TLS setup failed: failed to load certificate file \"" + client_.cert_file +
                                "\": No such file or directory (running as "))
      << error;
}

/// Runs `body` in a child that gave up being root, since nothing is unreadable for root; true when it returned true.
template <class Body>
bool in_unprivileged_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool dropped = ::geteuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0);
    ::_exit(dropped && body() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(TlsContextTest, UnreadableKeyFileIsNamedWithOwnerModeAndUser) {
  ::chmod(std::filesystem::path(paths_.key).parent_path().c_str(), 0755);
  ::chmod(paths_.key.c_str(), 0040);
  EXPECT_TRUE(in_unprivileged_child([&] {
    const std::string error = load_error(TlsSide::client, client_);
    const bool complete = error.starts_with("TLS setup failed: failed to load private key file \"" + paths_.key +
                                            "\": Permission denied (owner ") &&
                          error.find(", mode 0040; running as ") != std::string::npos;
    if (!complete) ::write(2, error.data(), error.size());
    return complete;
  }));
}

/// Whether `error` is `text` with the facts of a file behind it.
testing::AssertionResult tells_facts(const std::string& error, const std::string& text) {
  const bool complete = error.starts_with(text + " (owner ") && error.find(", mode 0") != std::string::npos &&
                        error.find("; running as ") != std::string::npos;
  return complete ? testing::AssertionSuccess() : testing::AssertionFailure() << error;
}

TEST_F(TlsContextTest, FileWithoutAKeyIsNamed) {
  client_.key_file = paths_.certificate;
  EXPECT_TRUE(tells_facts(load_error(TlsSide::client, client_), "TLS setup failed: failed to load private key file \"" +
                                                                    paths_.certificate +
                                                                    "\": there is no PEM private key in it"));
}

TEST_F(TlsContextTest, FileWithoutACertificateIsNamed) {
  client_.cert_file = files_.put("empty.crt", "nothing here\n");
  EXPECT_TRUE(tells_facts(load_error(TlsSide::client, client_), "TLS setup failed: failed to load certificate file \"" +
                                                                    client_.cert_file +
                                                                    "\": there is no PEM certificate in it"));
}

TEST_F(TlsContextTest, DamagedCertificateIsNamed) {
  client_.cert_file = files_.put("bad.crt", "-----BEGIN CERTIFICATE-----\nMIIBzzzz\n-----END CERTIFICATE-----\n");
  const std::string error = load_error(TlsSide::client, client_);
  EXPECT_TRUE(error.starts_with("TLS setup failed: failed to load certificate file \"" + client_.cert_file + "\": "))
      << error;
  EXPECT_FALSE(error.ends_with("unknown error"));
}

TEST_F(TlsContextTest, KeyOfAnotherCertificateNamesBothFiles) {
  const TlsPaths other = files_.issue("other", {.common_name = "x"});
  client_.key_file = other.key;
  EXPECT_TRUE(tells_facts(load_error(TlsSide::client, client_), "TLS setup failed: private key file \"" + other.key +
                                                                    "\" does not match certificate file \"" +
                                                                    paths_.certificate + "\""));
}

TEST_F(TlsContextTest, EncryptedKeyIsRefusedWithoutAsking) {
  const test::IssuedCertificate issued({.common_name = "x"}, nullptr);
  client_.cert_file = files_.put("enc.crt", issued.certificate_pem());
  client_.key_file = files_.put("enc.key", issued.encrypted_key_pem("secret"));
  EXPECT_TRUE(tells_facts(load_error(TlsSide::client, client_),
                          "TLS setup failed: failed to load private key file \"" + client_.key_file +
                              "\": the key is encrypted and there is no passphrase setting; store it unencrypted"));
}

TEST_F(TlsContextTest, CaFileMustBeLoadableInEveryModeTowardsClients) {
  client_.ca_file = files_.directory().file("none.ca");
  for (const SslMode mode :
       {SslMode::allow, SslMode::prefer, SslMode::require, SslMode::verify_ca, SslMode::verify_full}) {
    client_.mode = mode;
    const std::string error = load_error(TlsSide::client, client_);
    EXPECT_TRUE(error.starts_with("TLS setup failed: failed to load CA: \"" + client_.ca_file +
                                  "\": No such file or directory"))
        << error;
  }
}

TEST_F(TlsContextTest, CaFileIsReadTowardsServersOnlyToVerify) {
  server_.ca_file = files_.directory().file("none.ca");
  EXPECT_EQ(load_error(TlsSide::server, server_), "");
  server_.mode = SslMode::verify_ca;
  EXPECT_TRUE(load_error(TlsSide::server, server_).starts_with("failed to load CA: "))
      << "no start error: no such beginning";
}

TEST_F(TlsContextTest, KeyAndCertificateGoTogetherTowardsServers) {
  server_.key_file = paths_.key;
  EXPECT_EQ(load_error(TlsSide::server, server_), "server_tls_key_file and server_tls_cert_file must be set together");
  EXPECT_EQ(check_error(TlsSide::server, server_), "");
}

TEST_F(TlsContextTest, ListsOfFilesGoInPairs) {
  const TlsPaths rsa = files_.issue("rsa", {.common_name = "x", .key = KeyKind::rsa});
  client_.cert_file += ", " + rsa.certificate;
  EXPECT_EQ(load_error(TlsSide::client, client_),
            "TLS setup failed: 2 certificate files but 1 private key files; they go in pairs");
  client_.key_file += "," + rsa.key;
  EXPECT_EQ(load_error(TlsSide::client, client_), "");
}

TEST_F(TlsContextTest, PathWithACommaIsTakenWholeWhenItExists) {
  const TlsPaths odd = files_.issue("with,comma", {.common_name = "x"});
  client_.cert_file = odd.certificate;
  client_.key_file = odd.key;
  EXPECT_EQ(load_error(TlsSide::client, client_), "");
}

TEST_F(TlsContextTest, TellsItsCertificates) {
  const TlsPaths named = files_.issue(
      "named",
      {.common_name = "db", .alternative_names = {"DNS:a.example", "IP:10.1.2.3", "IP:::1"}, .key = KeyKind::rsa});
  client_.cert_file = named.certificate;
  client_.key_file = named.key;
  const auto context = TlsContext::load(TlsSide::client, client_, false);
  ASSERT_TRUE(context);
  const std::vector<TlsCertificate> certificates = (*context)->certificates();
  ASSERT_EQ(certificates.size(), 1U);
  EXPECT_EQ(certificates[0].file, named.certificate);
  EXPECT_EQ(certificates[0].subject, "CN=db");
  EXPECT_EQ(certificates[0].issuer, "CN=uvbouncer test CA");
  EXPECT_EQ(certificates[0].names, (std::vector<std::string>{"a.example", "10.1.2.3", "::1"}));
  EXPECT_EQ(certificates[0].key_type, "RSA");
  const auto lifetime = certificates[0].not_after - certificates[0].not_before;
  EXPECT_EQ(std::chrono::duration_cast<std::chrono::hours>(lifetime).count(), 366 * 24);
  EXPECT_LT(certificates[0].not_before, wall_now());
}

TEST_F(TlsContextTest, FixedBehaviourIsSet) {
  const auto context = TlsContext::load(TlsSide::client, client_, false);
  ASSERT_TRUE(context);
  const std::uint64_t options = SSL_CTX_get_options((*context)->get());
  EXPECT_TRUE((options & SSL_OP_CIPHER_SERVER_PREFERENCE) != 0);
  EXPECT_TRUE((options & SSL_OP_NO_RENEGOTIATION) != 0);
  EXPECT_TRUE((options & SSL_OP_NO_TICKET) != 0);
  EXPECT_EQ(SSL_CTX_get_verify_depth((*context)->get()), 6);
  EXPECT_EQ(SSL_CTX_get_num_tickets((*context)->get()), 0U);
  EXPECT_EQ(SSL_CTX_get_session_cache_mode((*context)->get()), SSL_SESS_CACHE_OFF);
}

}  // namespace
}  // namespace uvb
