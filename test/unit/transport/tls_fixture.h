#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "fakes/tls_files.h"
#include "tls_pair.h"

namespace uvb::test {

/// Certificates made once per suite, and engines that use them.
class TlsFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = std::make_unique<TlsFiles>();
    ec_ = files_->issue("ec",
                        {.common_name = "db.example.com", .alternative_names = {"DNS:db.example.com", "IP:127.0.0.1"}});
    rsa_ = files_->issue("rsa", {.common_name = "db.example.com", .key = KeyKind::rsa});
    user_ = files_->issue("user", {.common_name = "alice"});
    stranger_ = files_->issue_self_signed("stranger", {.common_name = "db.example.com"});
    expired_ =
        files_->issue("expired", {.common_name = "db.example.com", .valid_from_days = -20, .valid_to_days = -10});
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
  static TlsPair pair(const TlsSettings& acceptor, const TlsSettings& connector,
                      const std::string& host = "db.example.com", bool direct = false) {
    return {TlsEngine::accept(load(TlsSide::client, acceptor)),
            TlsEngine::connect(load(TlsSide::server, connector), host, direct)};
  }
  static TlsPair plain_pair() { return pair(accepting(SslMode::require, ec_), connecting(SslMode::require)); }

  static inline std::unique_ptr<TlsFiles> files_;
  static inline TlsPaths ec_, rsa_, user_, stranger_, expired_;
};

inline void expect_talks(TlsPair& both) {
  ASSERT_EQ(both.connector->write(as_bytes("ping")), TlsStatus::done);
  both.exchange();
  EXPECT_EQ(read_all(*both.acceptor), "ping");
  ASSERT_EQ(both.acceptor->write(as_bytes("pong")), TlsStatus::done);
  both.exchange();
  EXPECT_EQ(read_all(*both.connector), "pong");
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

}  // namespace uvb::test
