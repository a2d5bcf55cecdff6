#include "auth/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

#include "base/limits.h"

namespace uvb {

namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

}  // namespace

Digest::Digest(ByteView bytes) noexcept { std::copy_n(bytes.begin(), kSize, bytes_.begin()); }

Digest::~Digest() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Digest sha256(ByteView data) {
  Digest digest;
  const int done = EVP_Digest(data.data(), data.size(), digest.span().data(), nullptr, EVP_sha256(), nullptr);
  require(done == 1, "OpenSSL: SHA-256 failed");
  return digest;
}

Digest hmac_sha256(ByteView key, ByteView data) {
  // A null key would mean "the key of last time" to OpenSSL.
  static constexpr std::uint8_t kNoKey = 0;
  const std::uint8_t* const start = key.empty() ? &kNoKey : key.data();
  Digest digest;
  const auto* done =
      HMAC(EVP_sha256(), start, static_cast<int>(key.size()), data.data(), data.size(), digest.span().data(), nullptr);
  require(done != nullptr, "OpenSSL: HMAC failed");
  return digest;
}

std::optional<Digest> pbkdf2_sha256(std::string_view password, ByteView salt, int iterations) {
  if (iterations < 1 || iterations > kMostScramIterations) return std::nullopt;
  Digest digest;
  const int done =
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                        iterations, EVP_sha256(), Digest::kSize, digest.span().data());
  require(done == 1, "OpenSSL: PBKDF2 failed");
  return digest;
}

bool same_bytes(ByteView left, ByteView right) noexcept {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool same_secret(std::string_view left, std::string_view right) {
  const Digest left_digest = sha256(as_bytes(left));
  const Digest right_digest = sha256(as_bytes(right));
  return same_bytes(left_digest.view(), right_digest.view());
}

void fill_random(ByteSpan into) {
  require(RAND_bytes(into.data(), static_cast<int>(into.size())) == 1, "OpenSSL: no random bytes");
}

std::vector<std::uint8_t> random_bytes(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  fill_random(bytes);
  return bytes;
}

}  // namespace uvb
