#include "auth/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/limits.h"

namespace uvb {

namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

struct Free {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
  void operator()(EVP_MAC* code) const noexcept { EVP_MAC_free(code); }
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};

// OpenSSL 3 looks an algorithm up by its name wherever it is not told the one to use; this costs more than a short
// message's digest. Both are only read once they are made.

const EVP_MD* sha256_method() {
  static const std::unique_ptr<EVP_MD, Free> method(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  require(method != nullptr, "OpenSSL: no SHA-256");
  return method.get();
}

std::unique_ptr<EVP_MAC_CTX, Free> make_keyless_hmac() {
  const std::unique_ptr<EVP_MAC, Free> method(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
  std::unique_ptr<EVP_MAC_CTX, Free> context(method != nullptr ? EVP_MAC_CTX_new(method.get()) : nullptr);
  std::string digest = "SHA256";
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_end()};
  require(context != nullptr && EVP_MAC_CTX_set_params(context.get(), parameters.data()) == 1,
          "OpenSSL: no HMAC with SHA-256");
  return context;
}

/// A copy to use.
std::unique_ptr<EVP_MAC_CTX, Free> keyless_hmac() {
  static const std::unique_ptr<EVP_MAC_CTX, Free> original = make_keyless_hmac();
  return std::unique_ptr<EVP_MAC_CTX, Free>(EVP_MAC_CTX_dup(original.get()));
}

}  // namespace

Digest::Digest(ByteView bytes) noexcept { std::copy_n(bytes.begin(), kSize, bytes_.begin()); }

Digest::~Digest() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Digest sha256(ByteView data) {
  Digest digest;
  const int done = EVP_Digest(data.data(), data.size(), digest.span().data(), nullptr, sha256_method(), nullptr);
  require(done == 1, "OpenSSL: SHA-256 failed");
  return digest;
}

Digest hmac_sha256(ByteView key, ByteView data) {
  // A null key would mean "the key of last time" to OpenSSL.
  static constexpr std::uint8_t kNoKey = 0;
  const std::uint8_t* const start = key.empty() ? &kNoKey : key.data();
  const auto context = keyless_hmac();
  Digest digest;
  std::size_t size = 0;
  require(context != nullptr && EVP_MAC_init(context.get(), start, key.size(), nullptr) == 1 &&
              EVP_MAC_update(context.get(), data.data(), data.size()) == 1 &&
              EVP_MAC_final(context.get(), digest.span().data(), &size, Digest::kSize) == 1 && size == Digest::kSize,
          "OpenSSL: HMAC failed");
  return digest;
}

std::optional<Digest> pbkdf2_sha256(std::string_view password, ByteView salt, int iterations) {
  if (iterations < 1 || iterations > kMostScramIterations) return std::nullopt;
  Digest digest;
  const int done =
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                        iterations, sha256_method(), Digest::kSize, digest.span().data());
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
