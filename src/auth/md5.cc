#include "auth/md5.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace uvb {

namespace {

constexpr std::string_view kPrefix = "md5";
constexpr std::size_t kDigestSize = 16;
constexpr std::string_view kHexDigits = "0123456789abcdef";

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigestContext>;

using Md5Digest = std::array<std::uint8_t, kDigestSize>;

bool digest_md5(ByteView first, ByteView second, Md5Digest& digest) {
  const DigestContext context(EVP_MD_CTX_new());
  return context != nullptr && EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) == 1 &&
         EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
         EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
         EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
}

/// "md5" + hex of md5(first + second).
std::optional<Secret> prefixed_md5(ByteView first, ByteView second) {
  Md5Digest digest;
  if (!digest_md5(first, second, digest)) return std::nullopt;
  std::array<char, kPrefix.size() + 2 * kDigestSize> text;
  auto at = std::copy(kPrefix.begin(), kPrefix.end(), text.begin());
  for (const std::uint8_t byte : digest) {
    *at++ = kHexDigits[byte >> 4];
    *at++ = kHexDigits[byte & 15];
  }
  Secret secret(std::string_view(text.data(), text.size()));
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(digest.data(), digest.size());
  return secret;
}

}  // namespace

bool is_md5_hash(std::string_view text) noexcept {
  if (text.size() != kPrefix.size() + 2 * kDigestSize || !text.starts_with(kPrefix)) return false;
  return text.find_first_not_of(kHexDigits, kPrefix.size()) == std::string_view::npos;
}

std::optional<Secret> md5_hash(std::string_view user, std::string_view password) {
  return prefixed_md5(as_bytes(password), as_bytes(user));
}

std::optional<Secret> md5_response(std::string_view hash, ByteView salt) {
  return prefixed_md5(as_bytes(hash.substr(kPrefix.size())), salt);
}

}  // namespace uvb
