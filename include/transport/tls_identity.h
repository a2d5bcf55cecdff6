#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "transport/pem_file.h"

namespace uvb {

/// One certificate with its chain and its private key, known to belong together.
struct TlsIdentity {
  std::string cert_file;
  CertificateChain certificate;
  OpenSslPtr<EVP_PKEY> key;
  std::vector<std::uint8_t> end_point;  ///< server_end_point() of the certificate: every login offers it
};

/// What this side can prove to be: one certificate, or several of different key types (RSA and ECDSA) and for
/// different names. Immutable once loaded; any thread.
class TlsIdentities {
 public:
  TlsIdentities() = default;

  /// `cert_files` and `key_files` are lists of equal length separated by commas (a path that exists is taken whole).
  /// Errors name the file, or both files when key and certificate do not match.
  static Result<TlsIdentities> load(const std::string& cert_files, const std::string& key_files);

  [[nodiscard]] const std::vector<TlsIdentity>& all() const noexcept { return identities_; }

  /// Makes the first certificate of each key type the one `context` shows.
  [[nodiscard]] Status install(SSL_CTX* context) const;
  /// Gives `ssl` the certificates that name `host` instead; the installed ones stay when none does.
  /// False only when OpenSSL refuses.
  [[nodiscard]] bool choose(SSL* ssl, const std::string& host) const;

 private:
  std::vector<TlsIdentity> identities_;
};

}  // namespace uvb
