#include "transport/tls_setup.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "transport/pem_file.h"
#include "transport/tls_identity.h"
#include "transport/tls_protocols.h"

namespace uvb {

namespace {

constexpr int kVerifyDepth = 6;
constexpr std::string_view kAlpn = "postgresql";

#ifdef UVB_CA_BUNDLE
constexpr std::array kBundles{UVB_CA_BUNDLE};
#else
constexpr std::array kBundles{
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
};
#endif

bool is_one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return ::strcasecmp(text.c_str(), word) == 0; });
}

bool keeps_default_ciphers(const std::string& text) {
  return text.empty() || is_one_of(text, {"default", "secure", "normal", "fast"});
}

bool ciphers_valid(const std::string& text) {
  if (keeps_default_ciphers(text)) return true;
  const OpenSslPtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  const bool valid = SSL_CTX_set_cipher_list(context.get(), text.c_str()) == 1;
  ERR_clear_error();
  return valid;
}

bool keeps_default_groups(const std::string& text) { return text.empty() || is_one_of(text, {"auto", "none"}); }

int curve_of(const std::string& text) {
  const int nid = OBJ_txt2nid(text.c_str());
  ERR_clear_error();
  return nid;
}

Status check_client_needs(const TlsSettings& settings, bool auth_is_cert) {
  if (settings.key_file.empty() || settings.cert_file.empty()) {
    return Error{"To allow TLS connections from clients, client_tls_key_file and client_tls_cert_file must be set."};
  }
  if (auth_is_cert && settings.mode != SslMode::verify_full) {
    return Error{"auth_type=cert requires client_tls_sslmode=SSLMODE_VERIFY_FULL"};
  }
  if (auth_is_cert && settings.ca_file.empty()) return Error{"auth_type=cert requires client_tls_ca_file"};
  if (settings.mode == SslMode::verify_full && settings.ca_file.empty()) {
    return Error{"client_tls_sslmode requires client_tls_ca_file"};
  }
  return Done{};
}

Status check_client_exchange(const TlsSettings& settings) {
  if (!settings.dheparams.empty() && !is_one_of(settings.dheparams, {"auto", "none"})) {
    return Error{fmt::format("invalid client_tls_dheparams: {}", settings.dheparams)};
  }
  if (!keeps_default_groups(settings.ecdhcurve) && curve_of(settings.ecdhcurve) == NID_undef) {
    // The extra "e" of the setting's name is what PgBouncer prints (settings.md trap 64).
    return Error{fmt::format("invalid client_tls_ecdhecurve: {}", settings.ecdhcurve)};
  }
  return Done{};
}

bool is_weierstrass_curve(int nid) {
  EC_GROUP* group = EC_GROUP_new_by_curve_name(nid);
  const bool found = group != nullptr;
  EC_GROUP_free(group);
  return found;
}

Status apply_client_exchange(const TlsSettings& settings, SSL_CTX* context) {
  if (is_one_of(settings.dheparams, {"auto"})) SSL_CTX_set_dh_auto(context, 1);
  if (keeps_default_groups(settings.ecdhcurve)) return Done{};
  int nid = curve_of(settings.ecdhcurve);
  if (!is_weierstrass_curve(nid) || SSL_CTX_set1_groups(context, &nid, 1) != 1) {
    ERR_clear_error();
    return Error{"failed to set ECDHE curve"};
  }
  return Done{};
}

void apply_fixed_behaviour(SSL_CTX* context) {
  // An idle connection gives back OpenSSL's 33 KiB of record buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  // The wire hands out one record at a time: its head and body need not be asked for one by one.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_NO_TICKET | SSL_OP_NO_SSLv3);
  // Pooled clients keep their connections: sessions to resume would cost every one of them memory for nothing.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
}

Result<std::string> ca_path(const TlsSettings& settings) {
  if (!settings.ca_file.empty()) return settings.ca_file;
  for (const char* bundle : kBundles) {
    if (::access(bundle, F_OK) == 0) return std::string(bundle);
  }
  return Error{"failed to load CA: no CA file is set and the system has no bundle of CA certificates"};
}

/// `told`: the authorities are named to clients in the CertificateRequest.
Status trust(SSL_CTX* context, const std::vector<OpenSslPtr<X509>>& authorities, bool told) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const OpenSslPtr<X509>& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1)
      return Error{fmt::format("failed to load CA: {}", openssl_reason())};
    if (told && SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return Error{fmt::format("failed to load CA: {}", openssl_reason())};
    }
  }
  return Done{};
}

/// RFC 7301: `offered` is a list of names, each behind its length.
extern "C" int select_alpn(SSL* /*ssl*/, const unsigned char** selected, unsigned char* selected_size,
                           const unsigned char* offered, unsigned int offered_size, void* /*context*/) {
  std::string_view rest = as_text({offered, offered_size});
  while (!rest.empty()) {
    const std::size_t size = static_cast<unsigned char>(rest[0]);
    const std::string_view name = rest.substr(1, size);
    if (name == kAlpn) {
      *selected = as_bytes(name).data();
      *selected_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min(rest.size(), size + 1));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

extern "C" int choose_certificate(SSL* ssl, void* identities) {
  const char* host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (host == nullptr) return 1;
  return static_cast<const TlsIdentities*>(identities)->choose(ssl, host) ? 1 : 0;
}

}  // namespace

Status check_tls_texts(TlsSide side, const TlsSettings& settings, bool auth_is_cert) {
  const bool client = side == TlsSide::client;
  if (client) {
    if (Status needs = check_client_needs(settings, auth_is_cert); !needs) return needs;
  }
  const char* prefix = client ? "client" : "server";
  if (!TlsProtocols::parse(settings.protocols)) {
    return Error{fmt::format("invalid {}_tls_protocols: {}", prefix, settings.protocols)};
  }
  if (!ciphers_valid(settings.ciphers))
    return Error{fmt::format("invalid {}_tls_ciphers: {}", prefix, settings.ciphers)};
  return client ? check_client_exchange(settings) : Status(Done{});
}

Status apply_tls_texts(TlsSide side, const TlsSettings& settings, SSL_CTX* context) {
  apply_fixed_behaviour(context);
  const std::optional<TlsProtocols> protocols = TlsProtocols::parse(settings.protocols);
  if (!protocols) return Error{"no usable protocol"};
  protocols->apply(context);
  if (!keeps_default_ciphers(settings.ciphers)) SSL_CTX_set_cipher_list(context, settings.ciphers.c_str());
  ERR_clear_error();
  const bool suites = protocols->has_tls13() && !settings.tls13_ciphers.empty();
  if (suites && SSL_CTX_set_ciphersuites(context, settings.tls13_ciphers.c_str()) != 1) {
    ERR_clear_error();
    return Error{"failed to set the TLSv1.3 cipher suites"};
  }
  return side == TlsSide::client ? apply_client_exchange(settings, context) : Status(Done{});
}

Status apply_tls_verification(TlsSide side, const TlsSettings& settings, SSL_CTX* context) {
  SSL_CTX_set_verify_depth(context, kVerifyDepth);
  const bool strict = settings.mode == SslMode::verify_ca || settings.mode == SslMode::verify_full;
  if (side == TlsSide::server && !strict) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return Done{};
  }
  const int required = strict && side == TlsSide::client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  const Result<std::string> path = ca_path(settings);
  if (!path) return path.error();
  const Result<std::vector<OpenSslPtr<X509>>> authorities = load_certificates(path.value());
  if (!authorities)
    return Error{fmt::format("failed to load CA: \"{}\": {}", path.value(), authorities.error().message)};
  // The names of a whole system bundle would be 17 KB in every handshake.
  return trust(context, authorities.value(), side == TlsSide::client && !settings.ca_file.empty());
}

void apply_tls_callbacks(const TlsIdentities& identities, SSL_CTX* context) {
  SSL_CTX_set_alpn_select_cb(context, select_alpn, nullptr);
  if (identities.all().size() < 2) return;
  // OpenSSL only hands the pointer back to choose_certificate(), which reads.
  SSL_CTX_set_cert_cb(context, choose_certificate, const_cast<TlsIdentities*>(&identities));
}

}  // namespace uvb
