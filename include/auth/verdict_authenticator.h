#pragma once

#include <memory>

#include "auth/client_authenticator.h"

namespace uvb {

/// Methods that ask the client nothing: any, trust, cert. The verdict is the first step.
class VerdictAuthenticator final : public ClientAuthenticator {
 public:
  explicit VerdictAuthenticator(const ClientAuthRequest& request);

  AuthStep start() override;
  AuthStep on_message(ByteView body) override;
  AuthStep after_work() override;

 private:
  const char* error_ = nullptr;  ///< null: let in
};

}  // namespace uvb
