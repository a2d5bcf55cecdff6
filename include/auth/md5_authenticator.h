#pragma once

#include <memory>
#include <string>

#include "auth/client_authenticator.h"
#include "auth/md5.h"

namespace uvb {

/// Method md5 against a stored plain text or md5 hash; with a SCRAM secret ScramAuthenticator takes its place.
class Md5Authenticator final : public ClientAuthenticator {
 public:
  Md5Authenticator(std::string user, std::shared_ptr<const StoredSecret> secret);

  AuthStep start() override;
  AuthStep on_message(ByteView body) override;
  AuthStep after_work() override;

 private:
  /// What the client must send; nullopt when nothing can be right.
  [[nodiscard]] std::optional<Secret> expected_response() const;

  std::string user_;
  std::shared_ptr<const StoredSecret> secret_;
  Md5Salt salt_{};
  bool awaiting_response_ = false;
};

}  // namespace uvb
