#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/ssl_mode.h"

// OpenSSL's SSL_CTX, so that no other header needs <openssl/ssl.h>.
struct ssl_ctx_st;

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

/// Everything distinct about a TLS configuration, loaded and checked. Immutable; shared by all threads;
/// connections keep the one they started with.
class TlsContext {
 public:
  /// Loads files and checks every text. Errors carry PgBouncer's texts of settings.md 5.4 and, for files,
  /// which file, its owner and mode, and the user this process runs as. `auth_is_cert`: auth_type=cert.
  static Result<std::shared_ptr<const TlsContext>> load(TlsSide side, const TlsSettings& settings, bool auth_is_cert);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] const TlsSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_; }
  /// Largest clear text per record this side writes: 8 KiB towards clients (design.md 3), 16 KiB towards servers.
  [[nodiscard]] std::size_t record_size() const noexcept { return record_size_; }

 private:
  TlsContext(TlsSettings settings, ssl_ctx_st* context, std::size_t record_size)
      : settings_(std::move(settings)), context_(context), record_size_(record_size) {}
  TlsSettings settings_;
  ssl_ctx_st* context_;
  std::size_t record_size_;
};

}  // namespace uvb
