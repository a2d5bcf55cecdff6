#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace uvb::bench {

using Digest = std::array<std::uint8_t, 32>;

/// Salted passwords already computed, so that a storm of logins costs the load generator no PBKDF2.
class SaltedPasswords {
 public:
  const Digest& get(const std::string& password, const std::string& salt, unsigned iterations);

 private:
  std::map<std::pair<std::string, unsigned>, Digest> known_;
};

/// The client's side of SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).
class ScramClient {
 public:
  ScramClient();

  /// The client-first-message.
  [[nodiscard]] std::string first() const { return "n,," + first_bare(); }
  /// The client-final-message answering the server's first; nothing when that is malformed.
  std::optional<std::string> final(std::string_view server_first, const std::string& password, SaltedPasswords& salted);
  /// Whether the server proved that it knows the secret.
  [[nodiscard]] bool verify(std::string_view server_final) const;

 private:
  [[nodiscard]] std::string first_bare() const { return "n=,r=" + nonce_; }

  std::string nonce_;
  Digest server_signature_{};
};

}  // namespace uvb::bench
