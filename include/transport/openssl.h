#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace uvb {

/// Deleters, so that every OpenSSL object has one owner.
struct OpenSslDelete {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(STACK_OF(X509) * chain) const noexcept;
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

template <class T>
using OpenSslPtr = std::unique_ptr<T, OpenSslDelete>;

/// The oldest error of this thread's queue in a few words ("no start line"); empties the queue.
[[nodiscard]] std::string openssl_reason();

/// The same as ERR_error_string() has it ("error:0A000086:SSL routines::certificate verify failed"), which is
/// what PgBouncer logs; empties the queue.
[[nodiscard]] std::string openssl_text();

}  // namespace uvb
