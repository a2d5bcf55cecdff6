#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/ssl_mode.h"

// OpenSSL's SSL_CTX and X509, so that no other header needs <openssl/ssl.h>.
struct ssl_ctx_st;
struct x509_st;

namespace uvb {

/// One side's TLS settings, texts as in the ini file (settings.md 5.1).
struct TlsSettings {
  SslMode mode = SslMode::disable;
  std::string key_file;
  std::string cert_file;
  std::string ca_file;
  std::string protocols = "secure";
  std::string ciphers = "default";
  std::string tls13_ciphers;
  std::string dheparams = "auto";
  std::string ecdhcurve = "auto";

  bool operator==(const TlsSettings&) const = default;
};

enum class TlsSide : std::uint8_t { client, server };  ///< towards clients (accepting), towards servers (connecting)

/// What an operator asks about a certificate in use (SHOW TLS, metrics).
struct TlsCertificate {
  std::string file;
  std::string subject;  ///< RFC 2253, e.g. "CN=db.example.com,O=Example"
  std::string issuer;
  std::vector<std::string> names;  ///< DNS names and addresses of subjectAltName
  std::string key_type;            ///< OpenSSL's name, e.g. "RSA", "EC", "ED25519"
  WallTime not_before;
  WallTime not_after;
};

class TlsIdentities;

/// Everything distinct about a TLS configuration, loaded and checked. Immutable; shared by all threads;
/// connections keep the one they started with.
class TlsContext {
 public:
  /// Checks the texts only, reads no file: what PgBouncer refuses to start with on either side, in its words of
  /// settings.md 5.4. Fine when the mode is disable. `auth_is_cert`: auth_type=cert (looked at for TlsSide::client).
  static Status check(TlsSide side, const TlsSettings& settings, bool auth_is_cert);

  /// check()s, then loads the files. Errors carry PgBouncer's texts of settings.md 5.4 and, for files,
  /// which file, its owner and mode, and the user this process runs as. What goes wrong after check() begins with
  /// "TLS setup failed: " for TlsSide::client; for TlsSide::server it has no such beginning, since PgBouncer starts
  /// nevertheless and logs `TLS connect error: <message>` at every connection. Never to be called with mode disable.
  /// cert_file and key_file may be lists of equal length, separated by commas: one certificate per key type is
  /// shown by default, another one when the client's SNI asks for its name.
  static Result<std::shared_ptr<const TlsContext>> load(TlsSide side, const TlsSettings& settings, bool auth_is_cert);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] const TlsSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_; }
  /// Largest clear text per record this side writes: 8 KiB towards clients (design.md 3), 16 KiB towards servers.
  [[nodiscard]] std::size_t record_size() const noexcept { return record_size_; }
  /// Towards servers: the certificate must name the host that was asked for.
  [[nodiscard]] bool verifies_host() const noexcept {
    return side_ == TlsSide::server && settings_.mode == SslMode::verify_full;
  }
  /// What tls-server-end-point binds to when `shown`, one of this side's certificates, was shown; empty when nothing
  /// was, or where the binding is undefined.
  [[nodiscard]] std::vector<std::uint8_t> end_point(const x509_st* shown) const;
  /// The certificates this side shows, in the order of `cert_file`.
  [[nodiscard]] std::vector<TlsCertificate> certificates() const;

 private:
  TlsContext(TlsSide side, TlsSettings settings, std::unique_ptr<const TlsIdentities> identities, ssl_ctx_st* context);
  TlsSide side_;
  TlsSettings settings_;
  std::unique_ptr<const TlsIdentities> identities_;
  ssl_ctx_st* context_;
  std::size_t record_size_;
};

}  // namespace uvb
