#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "fakes/temp_dir.h"
#include "transport/openssl.h"

namespace uvb::test {

enum class KeyKind { rsa, ec, ed25519 };

struct CertificateRequest {
  std::string common_name;
  /// OpenSSL's notation, e.g. "DNS:db.example.com" or "IP:127.0.0.1".
  std::vector<std::string> alternative_names = {};
  KeyKind key = KeyKind::ec;
  int valid_from_days = -1;
  int valid_to_days = 365;
  bool authority = false;
};

/// A certificate with its key in memory; signs others when it was requested as an authority.
class IssuedCertificate {
 public:
  /// `issuer` null: signed with its own key.
  IssuedCertificate(const CertificateRequest& request, const IssuedCertificate* issuer)
      : key_(make_key(request.key)), certificate_(X509_new()) {
    X509* x509 = certificate_.get();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial());
    X509_time_adj_ex(X509_getm_notBefore(x509), request.valid_from_days, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(x509), request.valid_to_days, 0, nullptr);
    X509_set_pubkey(x509, key_.get());
    set_names(request, issuer);
    const IssuedCertificate& signer = issuer != nullptr ? *issuer : *this;
    add_extensions(request, signer);
    const bool no_digest = EVP_PKEY_get_base_id(signer.key_.get()) == EVP_PKEY_ED25519;
    if (X509_sign(x509, signer.key_.get(), no_digest ? nullptr : EVP_sha256()) == 0)
      throw std::runtime_error("X509_sign");
  }

  [[nodiscard]] X509* x509() const { return certificate_.get(); }

  [[nodiscard]] std::string certificate_pem() const {
    return to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
  }
  [[nodiscard]] std::string key_pem() const {
    return to_pem(
        [&](BIO* out) { return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  [[nodiscard]] std::string encrypted_key_pem(std::string passphrase) const {
    return to_pem([&](BIO* out) {
      return PEM_write_bio_PKCS8PrivateKey(out, key_.get(), EVP_aes_128_cbc(), passphrase.data(),
                                           static_cast<int>(passphrase.size()), nullptr, nullptr);
    });
  }

 private:
  static long& serial() {
    static long last = 0;
    return last;
  }

  static OpenSslPtr<EVP_PKEY> make_key(KeyKind kind) {
    switch (kind) {
      case KeyKind::rsa: return OpenSslPtr<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
      case KeyKind::ec: return OpenSslPtr<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
      case KeyKind::ed25519: break;
    }
    return OpenSslPtr<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }

  void set_names(const CertificateRequest& request, const IssuedCertificate* issuer) {
    X509_NAME* subject = X509_get_subject_name(x509());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.common_name.data()),
                               static_cast<int>(request.common_name.size()), -1, 0);
    X509_set_issuer_name(x509(), issuer != nullptr ? X509_get_subject_name(issuer->x509()) : subject);
  }

  void add_extension(X509V3_CTX& context, int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension == nullptr) throw std::runtime_error("extension " + value);
    X509_add_ext(x509(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  void add_extensions(const CertificateRequest& request, const IssuedCertificate& signer) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, signer.x509(), x509(), nullptr, nullptr, 0);
    add_extension(context, NID_basic_constraints, request.authority ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(context, NID_subject_key_identifier, "hash");
    std::string names;
    for (const std::string& name : request.alternative_names) names += (names.empty() ? "" : ",") + name;
    if (!names.empty()) add_extension(context, NID_subject_alt_name, names);
  }

  template <class Write>
  static std::string to_pem(Write write) {
    const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
    if (write(out.get()) != 1) throw std::runtime_error("PEM");
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  OpenSslPtr<EVP_PKEY> key_;
  OpenSslPtr<X509> certificate_;
};

/// Paths of a certificate (with its chain) and its key, as the settings want them.
struct TlsPaths {
  std::string certificate;
  std::string key;
};

/// Certificates as files: an authority "ca.crt" and whatever a test asks it to sign.
class TlsFiles {
 public:
  TlsFiles() : authority_({.common_name = "uvbouncer test CA", .authority = true}, nullptr) {
    put("ca.crt", authority_.certificate_pem());
  }

  [[nodiscard]] std::string ca() const { return directory_.file("ca.crt"); }
  [[nodiscard]] const IssuedCertificate& authority() const { return authority_; }
  [[nodiscard]] const TempDir& directory() const { return directory_; }

  /// A file of any content; returns its path.
  std::string put(const std::string& name, const std::string& content) const {
    write_text(directory_.file(name), content);
    return directory_.file(name);
  }
  /// Signed by the authority, written as `name`.crt and `name`.key.
  TlsPaths issue(const std::string& name, const CertificateRequest& request) const {
    return write(name, IssuedCertificate(request, &authority_), "");
  }
  /// The same with an intermediate authority between, which is in the certificate file.
  TlsPaths issue_by_intermediate(const std::string& name, const CertificateRequest& request) const {
    const IssuedCertificate between({.common_name = "uvbouncer test intermediate", .authority = true}, &authority_);
    return write(name, IssuedCertificate(request, &between), between.certificate_pem());
  }
  TlsPaths issue_self_signed(const std::string& name, const CertificateRequest& request) const {
    return write(name, IssuedCertificate(request, nullptr), "");
  }
  TlsPaths write(const std::string& name, const IssuedCertificate& issued, const std::string& chain) const {
    return {put(name + ".crt", issued.certificate_pem() + chain), put(name + ".key", issued.key_pem())};
  }

 private:
  TempDir directory_;
  IssuedCertificate authority_;
};

}  // namespace uvb::test
