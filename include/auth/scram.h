#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/crypto.h"
#include "auth/stored_secret.h"
#include "base/bytes.h"
#include "base/secret.h"

/// SCRAM-SHA-256 (RFC 5802, RFC 7677) without messages: keys, proofs, stored secrets.
namespace uvb {

inline constexpr std::string_view kScramMechanism = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlusMechanism = "SCRAM-SHA-256-PLUS";
inline constexpr std::size_t kScramSaltSize = 16;
inline constexpr int kScramDefaultIterations = 4096;

/// SASLprep (RFC 4013). A password that is not UTF-8, is prohibited or vanishes stays as it is, as in PostgreSQL.
Secret saslprep(std::string_view password);

struct ScramDerivedKeys {
  Digest client_key;
  Digest stored_key;
  Digest server_key;
};
/// Takes milliseconds at usual iteration counts: crypto pool only. The password is prepared with saslprep(). nullopt
/// for iteration counts that nobody can mean, see kMostScramIterations.
std::optional<ScramDerivedKeys> derive_scram_keys(std::string_view password, ByteView salt, int iterations);

/// A verifier with a fresh salt; expensive, and null where derive_scram_keys() is empty.
std::shared_ptr<const ScramVerifier> make_scram_verifier(std::string_view password, int iterations);

/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5803 as PostgreSQL writes it); nullopt for
/// anything else (settings.md 4.1).
std::optional<ScramVerifier> parse_scram_secret(std::string_view text);
std::string format_scram_secret(const ScramVerifier& verifier);

/// ClientProof: `client_key` XOR HMAC(StoredKey, AuthMessage).
Digest scram_proof(const Digest& client_key, const Digest& stored_key, std::string_view auth_message);
/// The ClientKey hidden in a proof; genuine if its SHA-256 is the StoredKey.
Digest scram_unmask(ByteView proof, ByteView stored_key, std::string_view auth_message);
/// ServerSignature: HMAC(ServerKey, AuthMessage).
Digest scram_server_signature(ByteView server_key, std::string_view auth_message);

/// 18 random bytes in base64.
std::string make_scram_nonce();
/// Printable ASCII without comma, not empty (RFC 5802 section 7).
bool is_scram_nonce(std::string_view text) noexcept;

/// One attribute of a SCRAM message.
struct ScramAttribute {
  char name = 0;
  std::string_view value;
};
/// Takes `x=value` and the comma behind it, if more follows, from the front of `text`. nullopt, and nothing taken, for
/// anything else.
std::optional<ScramAttribute> take_scram_attribute(std::string_view& text) noexcept;
/// The value of the attribute at the front if it is `name`; nullopt, and nothing taken, otherwise.
std::optional<std::string_view> take_scram_value(std::string_view& text, char name) noexcept;

}  // namespace uvb
