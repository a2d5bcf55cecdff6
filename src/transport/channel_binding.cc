#include "transport/channel_binding.h"

#include <openssl/evp.h>

namespace uvb {

std::vector<std::uint8_t> server_end_point(const X509& certificate) {
  int digest = NID_undef;
  // It only looks, but fills what the certificate has noted of its extensions, under a lock of its own.
  if (X509_get_signature_info(const_cast<X509*>(&certificate), &digest, nullptr, nullptr, nullptr) != 1) return {};
  // SHA-256 in place of MD5 and SHA-1.
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* method = EVP_get_digestbynid(digest);
  std::vector<std::uint8_t> hash(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (method == nullptr || X509_digest(&certificate, method, hash.data(), &size) != 1) return {};
  hash.resize(size);
  return hash;
}

}  // namespace uvb
