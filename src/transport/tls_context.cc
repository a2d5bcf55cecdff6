#include "transport/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <utility>

#include "base/bytes.h"
#include "transport/openssl.h"
#include "transport/tls_identity.h"
#include "transport/tls_setup.h"

namespace uvb {

namespace {

// libpq's asynchronous reader can hang on larger records (design.md 3).
constexpr std::size_t kRecordToClient = 8192;
constexpr std::size_t kRecordToServer = 16384;

std::string name_text(const X509_NAME* name) {
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

std::string address_text(ByteView bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  if (family == AF_INET6 && bytes.size() != sizeof(in6_addr)) return {};
  return ::inet_ntop(family, bytes.data(), text.data(), text.size()) != nullptr ? text.data() : "";
}

std::vector<std::string> alternative_names(const X509* certificate) {
  const OpenSslPtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> result;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* string = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const ByteView bytes(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string)));
    result.push_back(name->type == GEN_DNS ? std::string(as_text(bytes)) : address_text(bytes));
  }
  return result;
}

TlsCertificate describe(const TlsIdentity& identity) {
  const X509* leaf = identity.certificate.leaf.get();
  return {.file = identity.cert_file,
          .subject = name_text(X509_get_subject_name(leaf)),
          .issuer = name_text(X509_get_issuer_name(leaf)),
          .names = alternative_names(leaf),
          .key_type = EVP_PKEY_get0_type_name(identity.key.get()),
          .not_before = wall_time(X509_get0_notBefore(leaf)),
          .not_after = wall_time(X509_get0_notAfter(leaf))};
}

Result<std::unique_ptr<const TlsIdentities>> load_identities(TlsSide side, const TlsSettings& settings) {
  if (settings.cert_file.empty() && settings.key_file.empty()) return std::make_unique<const TlsIdentities>();
  if (side == TlsSide::server && (settings.cert_file.empty() || settings.key_file.empty())) {
    return Error{"server_tls_key_file and server_tls_cert_file must be set together"};
  }
  Result<TlsIdentities> identities = TlsIdentities::load(settings.cert_file, settings.key_file);
  if (!identities) return identities.error();
  return std::make_unique<const TlsIdentities>(std::move(*identities));
}

Status configure(TlsSide side, const TlsSettings& settings, const TlsIdentities& identities, SSL_CTX* context) {
  if (Status texts = apply_tls_texts(side, settings, context); !texts) return texts;
  if (Status verification = apply_tls_verification(side, settings, context); !verification) return verification;
  if (Status installed = identities.install(context); !installed) return installed;
  SSL_CTX_set_max_send_fragment(context, side == TlsSide::client ? kRecordToClient : kRecordToServer);
  if (side == TlsSide::client) apply_tls_callbacks(identities, context);
  return Done{};
}

}  // namespace

Status TlsContext::check(TlsSide side, const TlsSettings& settings, bool auth_is_cert) {
  if (settings.mode == SslMode::disable) return Done{};
  return check_tls_texts(side, settings, auth_is_cert);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::load(TlsSide side, const TlsSettings& settings,
                                                           bool auth_is_cert) {
  if (Status texts = check(side, settings, auth_is_cert); !texts) return texts.error();
  const std::string prefix = side == TlsSide::client ? "TLS setup failed: " : "";
  Result<std::unique_ptr<const TlsIdentities>> identities = load_identities(side, settings);
  if (!identities) return Error{prefix + identities.error().message};
  OpenSslPtr<SSL_CTX> context(SSL_CTX_new(side == TlsSide::client ? TLS_server_method() : TLS_client_method()));
  if (context == nullptr) return Error{prefix + openssl_reason()};
  if (Status done = configure(side, settings, **identities, context.get()); !done) {
    return Error{prefix + done.error().message};
  }
  ERR_clear_error();
  return std::shared_ptr<const TlsContext>(new TlsContext(side, settings, std::move(*identities), context.release()));
}

TlsContext::TlsContext(TlsSide side, TlsSettings settings, std::unique_ptr<const TlsIdentities> identities,
                       SSL_CTX* context)
    : side_(side),
      settings_(std::move(settings)),
      identities_(std::move(identities)),
      context_(context),
      record_size_(side == TlsSide::client ? kRecordToClient : kRecordToServer) {}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

std::vector<std::uint8_t> TlsContext::end_point(const X509* shown) const {
  for (const TlsIdentity& identity : identities_->all()) {
    if (identity.certificate.leaf.get() == shown) return identity.end_point;
  }
  return {};
}

std::vector<TlsCertificate> TlsContext::certificates() const {
  std::vector<TlsCertificate> result;
  for (const TlsIdentity& identity : identities_->all()) result.push_back(describe(identity));
  return result;
}

}  // namespace uvb
