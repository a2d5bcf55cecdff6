#include "auth/client_authenticator.h"

#include "auth/cleartext_authenticator.h"
#include "auth/md5_authenticator.h"
#include "auth/scram_authenticator.h"
#include "auth/verdict_authenticator.h"

namespace uvb {

std::unique_ptr<ClientAuthenticator> make_client_authenticator(ClientAuthRequest request) {
  switch (request.method) {
    case AuthMethod::plain:
    case AuthMethod::bridge:
      return std::make_unique<CleartextAuthenticator>(std::move(request.user), std::move(request.secret));
    case AuthMethod::md5:
      // A SCRAM secret cannot answer an md5 challenge; SASL can (behaviour.md 1.3 step 19).
      if (request.secret != nullptr && request.secret->kind() == SecretKind::scram) break;
      return std::make_unique<Md5Authenticator>(std::move(request.user), std::move(request.secret));
    case AuthMethod::scram: break;
    case AuthMethod::any:
    case AuthMethod::trust:
    case AuthMethod::cert: return std::make_unique<VerdictAuthenticator>(request);
  }
  return std::make_unique<ScramAuthenticator>(std::move(request));
}

}  // namespace uvb
