#include "auth/scram.h"

#include <openssl/crypto.h>
#include <stringprep.h>

#include <algorithm>
#include <charconv>

#include "auth/base64.h"

namespace uvb {

namespace {

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Room for a prepared password; overwritten when it goes.
class PreparedText {
 public:
  explicit PreparedText(std::string_view text, std::size_t room) : bytes_(room, '\0') {
    std::copy(text.begin(), text.end(), bytes_.begin());
  }
  ~PreparedText() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  PreparedText(const PreparedText&) = delete;
  PreparedText& operator=(const PreparedText&) = delete;

  /// A code of Stringprep_rc. Code points Unicode 3.2 did not assign are refused, as PostgreSQL does.
  int prepare() { return stringprep(bytes_.data(), bytes_.size(), STRINGPREP_NO_UNASSIGNED, stringprep_saslprep); }
  [[nodiscard]] std::string_view view() const noexcept { return bytes_.data(); }

 private:
  std::string bytes_;
};

std::optional<int> parse_iterations(std::string_view text) noexcept {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

/// What stands before `mark`, which is taken too; nullopt without a mark.
std::optional<std::string_view> take_until(std::string_view& text, char mark) noexcept {
  const std::size_t end = text.find(mark);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

std::optional<std::vector<std::uint8_t>> decode_key(std::string_view text) {
  auto key = base64_decode(text);
  if (!key || key->size() != Digest::kSize) return std::nullopt;
  return key;
}

Digest exclusive_or(ByteView left, ByteView right) {
  Digest mixed;
  std::transform(left.begin(), left.begin() + Digest::kSize, right.begin(), mixed.span().begin(),
                 [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a ^ b); });
  return mixed;
}

std::vector<std::uint8_t> bytes_of(const Digest& digest) { return {digest.view().begin(), digest.view().end()}; }

}  // namespace

Secret saslprep(std::string_view password) {
  // ASCII is either left alone or, with control characters, prohibited, and then left alone too.
  if (is_ascii(password) || password.find('\0') != std::string_view::npos) return Secret(password);
  constexpr std::size_t kStep = 64;
  for (std::size_t room = password.size() + kStep;; room *= 2) {
    PreparedText text(password, room);
    const int result = text.prepare();
    if (result == STRINGPREP_TOO_SMALL_BUFFER) continue;
    if (result != STRINGPREP_OK || text.view().empty()) return Secret(password);
    return Secret(text.view());
  }
}

std::optional<ScramDerivedKeys> derive_scram_keys(std::string_view password, ByteView salt, int iterations) {
  const Secret prepared = saslprep(password);
  const auto salted = pbkdf2_sha256(prepared.view(), salt, iterations);
  if (!salted) return std::nullopt;
  const Digest client_key = hmac_sha256(salted->view(), as_bytes("Client Key"));
  return ScramDerivedKeys{client_key, sha256(client_key.view()), hmac_sha256(salted->view(), as_bytes("Server Key"))};
}

std::shared_ptr<const ScramVerifier> make_scram_verifier(std::string_view password, int iterations) {
  auto verifier = std::make_shared<ScramVerifier>();
  verifier->iterations = iterations;
  verifier->salt = random_bytes(kScramSaltSize);
  const auto keys = derive_scram_keys(password, verifier->salt, iterations);
  if (!keys) return nullptr;
  verifier->stored_key = bytes_of(keys->stored_key);
  verifier->server_key = bytes_of(keys->server_key);
  return verifier;
}

std::optional<ScramVerifier> parse_scram_secret(std::string_view text) {
  const auto mechanism = take_until(text, '$');
  if (mechanism != kScramMechanism) return std::nullopt;
  const auto iterations_text = take_until(text, ':');
  const auto salt_text = take_until(text, '$');
  const auto stored_key_text = take_until(text, ':');
  if (!iterations_text || !salt_text || !stored_key_text) return std::nullopt;

  const auto iterations = parse_iterations(*iterations_text);
  auto salt = base64_decode(*salt_text);
  auto stored_key = decode_key(*stored_key_text);
  auto server_key = decode_key(text);
  if (!iterations || !salt || !stored_key || !server_key) return std::nullopt;
  return ScramVerifier{*iterations, std::move(*salt), std::move(*stored_key), std::move(*server_key)};
}

std::string format_scram_secret(const ScramVerifier& verifier) {
  std::string text(kScramMechanism);
  text += '$' + std::to_string(verifier.iterations) + ':' + base64_encode(verifier.salt);
  text += '$' + base64_encode(verifier.stored_key) + ':' + base64_encode(verifier.server_key);
  return text;
}

Digest scram_proof(const Digest& client_key, const Digest& stored_key, std::string_view auth_message) {
  const Digest signature = hmac_sha256(stored_key.view(), as_bytes(auth_message));
  return exclusive_or(client_key.view(), signature.view());
}

Digest scram_unmask(ByteView proof, ByteView stored_key, std::string_view auth_message) {
  const Digest signature = hmac_sha256(stored_key, as_bytes(auth_message));
  return exclusive_or(proof, signature.view());
}

Digest scram_server_signature(ByteView server_key, std::string_view auth_message) {
  return hmac_sha256(server_key, as_bytes(auth_message));
}

std::string make_scram_nonce() {
  constexpr std::size_t kNonceSize = 18;
  return base64_encode(random_bytes(kNonceSize));
}

bool is_scram_nonce(std::string_view text) noexcept {
  const auto allowed = [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

std::optional<ScramAttribute> take_scram_attribute(std::string_view& text) noexcept {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.size() < 2 || !is_letter(text[0]) || text[1] != '=') return std::nullopt;
  const std::size_t end = std::min(text.find(','), text.size());
  if (end + 1 == text.size()) return std::nullopt;  // a comma with nothing behind it
  const ScramAttribute taken{text[0], text.substr(2, end - 2)};
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

std::optional<std::string_view> take_scram_value(std::string_view& text, char name) noexcept {
  std::string_view rest = text;
  const auto attribute = take_scram_attribute(rest);
  if (!attribute || attribute->name != name) return std::nullopt;
  text = rest;
  return attribute->value;
}

}  // namespace uvb
