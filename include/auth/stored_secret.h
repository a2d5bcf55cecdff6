#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/secret.h"

namespace uvb {

enum class SecretKind : std::uint8_t { none, plain, md5, scram };  ///< none: empty, or no secret at all

/// What a SCRAM-SHA-256 server keeps of a password (RFC 5803), decoded.
struct ScramVerifier {
  int iterations = 0;
  std::vector<std::uint8_t> salt;
  std::vector<std::uint8_t> stored_key;  ///< 32 bytes
  std::vector<std::uint8_t> server_key;  ///< 32 bytes
};

/// ClientKey and ServerKey of a client that proved itself by SCRAM against a stored SCRAM secret: enough to log
/// in to a server that holds the identical secret (behaviour.md 8.4). Wiped when it goes.
struct ScramKeys {
  Secret client_key;
  Secret server_key;
};

/// A user's secret as the user list, a database line or a query gave it. Immutable but for the cached verifier;
/// any thread; shared by shared_ptr<const StoredSecret>.
class StoredSecret {
 public:
  explicit StoredSecret(std::string_view text);

  [[nodiscard]] SecretKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_hash() const noexcept { return kind_ == SecretKind::md5 || kind_ == SecretKind::scram; }
  [[nodiscard]] std::string_view text() const noexcept { return text_.view(); }

  /// The verifier of a SCRAM secret, or the one derived earlier from a plain secret (remember_verifier); null else.
  [[nodiscard]] std::shared_ptr<const ScramVerifier> verifier() const;
  void remember_verifier(std::shared_ptr<const ScramVerifier> verifier) const;

 private:
  Secret text_;
  SecretKind kind_;
  mutable Guarded<std::shared_ptr<const ScramVerifier>> verifier_;
};

/// A hash that no password matches, checked in the same way and time as `like`: for users who do not exist. Null unless
/// `like` is a hash.
std::shared_ptr<const StoredSecret> make_stand_in(const StoredSecret& like);

}  // namespace uvb
