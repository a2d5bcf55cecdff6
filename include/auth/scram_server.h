#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/scram.h"
#include "auth/stored_secret.h"

namespace uvb {

/// The pooler's side of one SCRAM exchange with a client: SCRAM messages in, SCRAM messages out, nothing expensive.
/// Order: read_client_first, make_server_first, read_client_final.
class ScramServerExchange {
 public:
  /// `channel_binding`: tls-server-end-point data if SCRAM-SHA-256-PLUS was offered, else empty.
  /// `plus`: the client chose SCRAM-SHA-256-PLUS.
  ScramServerExchange(std::vector<std::uint8_t> channel_binding, bool plus);

  /// False: the exchange has failed, see why().
  bool read_client_first(std::string_view message);
  /// What to answer. `verifier` is copied.
  std::string make_server_first(const ScramVerifier& verifier);
  /// The server's final message if the client knows the password, else nullopt, see why().
  std::optional<std::string> read_client_final(std::string_view message);

  /// After success: the client's ClientKey.
  [[nodiscard]] const Digest& client_key() const noexcept { return client_key_; }
  /// Reason of a failure, for the log.
  [[nodiscard]] std::string_view why() const noexcept { return why_; }

 private:
  struct ClientFinal {
    std::string_view without_proof;
    std::vector<std::uint8_t> proof;
  };

  bool fail(std::string_view why) noexcept;
  bool read_binding_flag(std::string_view& text);
  [[nodiscard]] std::string expected_binding() const;
  std::optional<ClientFinal> parse_client_final(std::string_view message);

  std::vector<std::uint8_t> channel_binding_;
  bool plus_;
  ScramVerifier verifier_;
  std::string gs2_header_;
  std::string client_first_bare_;
  std::string nonce_;
  std::string server_first_;
  Digest client_key_;
  std::string_view why_;
};

}  // namespace uvb
