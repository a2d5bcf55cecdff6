#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/auth_step.h"
#include "auth/stored_secret.h"
#include "base/bytes.h"
#include "base/secret.h"

namespace uvb {

/// How a client must show who it is (settings.md 4.2). `bridge` is ours: clear text over TLS, checked against a stored
/// md5 or SCRAM secret and kept for the server (design.md 5).
enum class AuthMethod : std::uint8_t { any, trust, plain, md5, scram, cert, bridge };

struct ClientAuthRequest {
  AuthMethod method = AuthMethod::md5;
  std::string user;
  /// Null for a user that does not exist: the exchange looks the same and can never succeed.
  std::shared_ptr<const StoredSecret> secret;
  int scram_iterations = 4096;
  /// tls-server-end-point data; empty without TLS. When not empty, SCRAM-SHA-256-PLUS is offered first.
  std::vector<std::uint8_t> channel_binding;
  /// Per-process random key, from which the salts of unknown users are derived (33 of behaviour.md).
  std::shared_ptr<const Secret> mock_key;
  bool certificate_ok = false;  ///< for cert: the peer's certificate was verified and names `user`
};

/// One client's authentication exchange: fed messages, answers messages; knows no socket. One thread at a time.
class ClientAuthenticator {
 public:
  virtual ~ClientAuthenticator() = default;
  /// The first step; `waiting` with the request message as reply, or the verdict at once (any, trust, cert).
  virtual AuthStep start() = 0;
  /// Body of a 'p' message (without type and length). The reply may hold SASLContinue/SASLFinal, never
  /// AuthenticationOk.
  virtual AuthStep on_message(ByteView body) = 0;
  /// The expensive part after needs_work; may run on another thread. Only methods that ask for it have one.
  virtual void work() {}
  virtual AuthStep after_work() = 0;

  /// After accepted: the clear-text password the client sent (plain and bridge), else empty.
  virtual Secret take_password() { return {}; }
  /// After accepted by SCRAM against a real SCRAM secret: pass-through keys, else null.
  virtual std::shared_ptr<const ScramKeys> take_scram_keys() { return nullptr; }
};

std::unique_ptr<ClientAuthenticator> make_client_authenticator(ClientAuthRequest request);

}  // namespace uvb
