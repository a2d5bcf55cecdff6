#pragma once

#include "base/result.h"
#include "transport/openssl.h"
#include "transport/tls_context.h"

namespace uvb {

class TlsIdentities;

// The steps by which TlsContext::load() makes an SSL_CTX. Each returns the detail that settings.md 5.4 has behind
// "TLS setup failed: ".

/// The texts of settings.md 5.1 and 5.4 that need no file; the error is complete.
Status check_tls_texts(TlsSide side, const TlsSettings& settings, bool auth_is_cert);

/// Fixed behaviour, protocols, ciphers, suites, groups; texts passed check_tls_texts().
Status apply_tls_texts(TlsSide side, const TlsSettings& settings, SSL_CTX* context);

/// The CA file, or the system's bundle when there is none, and how far certificates are checked.
Status apply_tls_verification(TlsSide side, const TlsSettings& settings, SSL_CTX* context);

/// ALPN (behaviour.md 1.2) and the choice of a certificate by SNI. `identities` must outlive `context`.
void apply_tls_callbacks(const TlsIdentities& identities, SSL_CTX* context);

}  // namespace uvb
