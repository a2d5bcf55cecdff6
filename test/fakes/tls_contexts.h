#pragma once

#include <memory>
#include <string>

#include "fakes/tls_files.h"
#include "transport/tls_context.h"

namespace uvb::test {

/// Both sides of TLS, for what only needs a connection that works: the accepting one shows a certificate for `db`.
struct TlsContexts {
  std::shared_ptr<const TlsContext> accepting;
  std::shared_ptr<const TlsContext> connecting;
};

/// `protocols` are what the accepting side takes, as in client_tls_protocols.
inline TlsContexts load_tls_contexts(const std::string& protocols = "secure") {
  const TlsFiles files;
  const TlsPaths paths = files.issue("server", {.common_name = "db"});
  TlsSettings accepting;
  accepting.mode = SslMode::require;
  accepting.cert_file = paths.certificate;
  accepting.key_file = paths.key;
  accepting.ca_file = files.ca();
  accepting.protocols = protocols;
  TlsSettings connecting;
  connecting.mode = SslMode::require;
  return {*TlsContext::load(TlsSide::client, accepting, false), *TlsContext::load(TlsSide::server, connecting, false)};
}

}  // namespace uvb::test
