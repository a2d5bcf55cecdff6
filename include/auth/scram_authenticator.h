#pragma once

#include <memory>
#include <optional>

#include "auth/client_authenticator.h"
#include "auth/scram_server.h"

namespace uvb {

/// Method scram, and md5 when the stored secret is a SCRAM secret: SASL towards the client (RFC 5802).
class ScramAuthenticator final : public ClientAuthenticator {
 public:
  explicit ScramAuthenticator(ClientAuthRequest request);

  AuthStep start() override;
  AuthStep on_message(ByteView body) override;
  void work() override;
  AuthStep after_work() override;
  std::shared_ptr<const ScramKeys> take_scram_keys() override { return std::move(keys_); }

 private:
  enum class Awaiting : std::uint8_t { initial_response, client_first, work, client_final, nothing };

  AuthStep on_initial_response(ByteView body);
  AuthStep on_client_first(std::string_view message);
  AuthStep on_client_final(std::string_view message);
  AuthStep send_server_first(const ScramVerifier& verifier);
  [[nodiscard]] std::shared_ptr<const ScramVerifier> known_verifier() const;
  [[nodiscard]] ScramVerifier mock_verifier() const;
  [[nodiscard]] SecretKind secret_kind() const noexcept;
  AuthStep failed(std::string_view why);

  ClientAuthRequest request_;
  Awaiting awaiting_ = Awaiting::nothing;
  std::optional<ScramServerExchange> exchange_;
  std::shared_ptr<const ScramVerifier> verifier_;  ///< made by work()
  std::shared_ptr<const ScramKeys> keys_;
};

}  // namespace uvb
