#include "transport/openssl.h"

#include <openssl/err.h>

#include <array>
#include <cstring>

namespace uvb {

namespace {

constexpr const char* kNoError = "unknown error";

unsigned long take_oldest_error() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  return code;
}

}  // namespace

void OpenSslDelete::operator()(STACK_OF(X509) * chain) const noexcept { sk_X509_pop_free(chain, X509_free); }

std::string openssl_reason() {
  const unsigned long code = take_oldest_error();
  if (code == 0) return kNoError;
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : kNoError;
}

std::string openssl_text() {
  const unsigned long code = take_oldest_error();
  if (code == 0) return kNoError;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace uvb
