#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "transport/openssl.h"

namespace uvb {

/// A certificate and those that lead from it to its issuer, as in a PEM file: leaf first.
struct CertificateChain {
  OpenSslPtr<X509> leaf;
  OpenSslPtr<STACK_OF(X509)> issuers;
};

/// `reason (owner postgres, mode 0600; running as pgbouncer)`: what an operator needs to mend a file.
std::string with_owner_and_mode(const std::string& path, const std::string& reason);

// Errors of all loaders name the reason with_owner_and_mode() only; the caller puts the file and its role before it.

/// The whole file, at most 16 MiB; wiped when dropped, since it may hold a key.
Result<Secret> read_pem_file(const std::string& path);
Result<CertificateChain> load_certificate_chain(const std::string& path);
/// Never asks for a passphrase: an encrypted key is an error.
Result<OpenSslPtr<EVP_PKEY>> load_private_key(const std::string& path);
/// Every certificate of the file; none is an error.
Result<std::vector<OpenSslPtr<X509>>> load_certificates(const std::string& path);

}  // namespace uvb
