#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/scram_client.h"
#include "auth/server_authenticator.h"
#include "protocol/messages.h"

namespace uvb {

/// The client side of one server login: answers whatever the server asks for, as far as the credentials can
/// (settings.md 4.5). Made by make_server_authenticator().
class ServerExchange final : public ServerAuthenticator {
 public:
  ServerExchange(ServerCredentials credentials, std::vector<std::uint8_t> channel_binding);

  AuthStep on_message(ByteView body) override;
  void work() override;
  AuthStep after_work() override;
  [[nodiscard]] ServerAuthKind kind() const noexcept override { return kind_; }

 private:
  enum class Awaiting : std::uint8_t { request, ok, sasl_continue, work, sasl_final, nothing };

  AuthStep on_ok(ByteView data);
  AuthStep on_request(const AuthRequestView& request);
  AuthStep on_cleartext();
  AuthStep on_md5(ByteView salt);
  AuthStep on_sasl(ByteView data);
  AuthStep on_sasl_continue(std::string_view message);
  AuthStep on_sasl_final(std::string_view message);

  AuthStep begin_scram(bool server_binds);
  AuthStep send_client_final(const Digest& client_key, const Digest& server_key);
  AuthStep failed(std::string_view error, std::string log_text);
  AuthStep wrong_password_type(std::string log_text);

  [[nodiscard]] SecretKind secret_kind() const noexcept;
  [[nodiscard]] std::optional<std::string_view> clear_password() const noexcept;
  [[nodiscard]] std::optional<Secret> stored_md5_hash() const;
  [[nodiscard]] bool has_keys() const noexcept;
  [[nodiscard]] bool prefers_keys() const;

  ServerCredentials credentials_;
  std::vector<std::uint8_t> channel_binding_;
  Awaiting awaiting_ = Awaiting::request;
  ServerAuthKind kind_ = ServerAuthKind::unknown;
  std::optional<ScramClientExchange> exchange_;
  std::optional<ScramDerivedKeys> derived_;
};

}  // namespace uvb
