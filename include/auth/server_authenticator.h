#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "auth/auth_step.h"
#include "auth/stored_secret.h"
#include "base/bytes.h"

namespace uvb {

/// What we hold to log in to a server as `user`. Immutable, any thread.
struct ServerCredentials {
  std::string user;
  std::shared_ptr<const StoredSecret> secret;    ///< may be null
  std::shared_ptr<const Secret> clear_password;  ///< what a client gave over TLS (bridge); may be null
  std::shared_ptr<const ScramKeys> scram_keys;   ///< pass-through keys; may be null
};

/// Which authentication a server asked for last; remembered per database to decide on the clear-text bridge.
enum class ServerAuthKind : std::uint8_t { unknown, trust, cleartext, md5, scram, other };

/// The client side of a server login. One thread at a time.
class ServerAuthenticator {
 public:
  virtual ~ServerAuthenticator() = default;
  /// Body of an 'R' message (without type and length). accepted on AuthenticationOk (never before the server's
  /// SCRAM signature was verified, when SCRAM was begun). A stored hash is never sent as a password.
  virtual AuthStep on_message(ByteView body) = 0;
  virtual void work() = 0;
  virtual AuthStep after_work() = 0;
  [[nodiscard]] virtual ServerAuthKind kind() const noexcept = 0;
};

/// `channel_binding`: tls-server-end-point data of the server's certificate, empty without TLS.
std::unique_ptr<ServerAuthenticator> make_server_authenticator(ServerCredentials credentials,
                                                               std::vector<std::uint8_t> channel_binding);

}  // namespace uvb
