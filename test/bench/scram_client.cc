#include "scram_client.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <charconv>
#include <span>

namespace uvb::bench {
namespace {

const std::uint8_t* raw(std::string_view text) noexcept { return reinterpret_cast<const std::uint8_t*>(text.data()); }

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<std::uint8_t*>(bytes.data()), raw(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

Digest hmac(const Digest& key, std::string_view text) {
  Digest result;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(), result.data(), nullptr);
  return result;
}

/// The value of attribute `name` ("r=...,s=...,i=...").
std::string_view attribute(std::string_view message, char name) {
  while (!message.empty()) {
    const auto field = message.substr(0, message.find(','));
    if (field.size() >= 2 && field[0] == name && field[1] == '=') return field.substr(2);
    message.remove_prefix(field.size() < message.size() ? field.size() + 1 : field.size());
  }
  return {};
}

}  // namespace

const Digest& SaltedPasswords::get(const std::string& password, const std::string& salt, unsigned iterations) {
  const auto [entry, added] = known_.try_emplace({password + '\0' + salt, iterations});
  if (added) {
    PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), raw(salt), static_cast<int>(salt.size()),
                      static_cast<int>(iterations), EVP_sha256(), static_cast<int>(entry->second.size()),
                      entry->second.data());
  }
  return entry->second;
}

ScramClient::ScramClient() {
  std::array<std::uint8_t, 18> random{};
  RAND_bytes(random.data(), static_cast<int>(random.size()));
  nonce_ = to_base64(random);
}

std::optional<std::string> ScramClient::final(std::string_view server_first, const std::string& password,
                                              SaltedPasswords& salted) {
  const auto nonce = attribute(server_first, 'r');
  const auto salt = from_base64(attribute(server_first, 's'));
  const auto rounds = attribute(server_first, 'i');
  unsigned iterations = 0;
  std::from_chars(rounds.data(), rounds.data() + rounds.size(), iterations);
  if (!nonce.starts_with(nonce_) || !salt || iterations == 0) return std::nullopt;

  const auto& salted_password = salted.get(password, *salt, iterations);
  std::string reply = "c=biws,r=" + std::string(nonce);
  const std::string auth_message = first_bare() + "," + std::string(server_first) + "," + reply;
  const auto client_key = hmac(salted_password, "Client Key");
  Digest stored_key;
  SHA256(client_key.data(), client_key.size(), stored_key.data());
  auto proof = hmac(stored_key, auth_message);
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] ^= client_key[i];
  server_signature_ = hmac(hmac(salted_password, "Server Key"), auth_message);
  return reply + ",p=" + to_base64(proof);
}

bool ScramClient::verify(std::string_view server_final) const {
  return attribute(server_final, 'v') == to_base64(server_signature_);
}

}  // namespace uvb::bench
