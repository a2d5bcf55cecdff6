#pragma once

#include <memory>
#include <string>

#include "auth/client_authenticator.h"

namespace uvb {

/// Methods plain and bridge: the client sends its password, which is checked against whatever is stored
/// (settings.md 4.5).
class CleartextAuthenticator final : public ClientAuthenticator {
 public:
  CleartextAuthenticator(std::string user, std::shared_ptr<const StoredSecret> secret);

  AuthStep start() override;
  AuthStep on_message(ByteView body) override;
  void work() override;
  AuthStep after_work() override;
  Secret take_password() override;

 private:
  enum class Awaiting : std::uint8_t { password, work, nothing };

  AuthStep verdict(bool matches);
  [[nodiscard]] bool matches_md5() const;

  std::string user_;
  std::shared_ptr<const StoredSecret> secret_;
  Awaiting awaiting_ = Awaiting::nothing;
  Secret password_;
  bool scram_matches_ = false;
  bool accepted_ = false;
};

}  // namespace uvb
