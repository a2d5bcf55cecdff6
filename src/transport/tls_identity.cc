#include "transport/tls_identity.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <unistd.h>

#include <set>
#include <string_view>
#include <utility>

#include "transport/certificate_names.h"
#include "transport/channel_binding.h"

namespace uvb {

namespace {

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::vector<std::string> split_paths(const std::string& list) {
  if (::access(list.c_str(), F_OK) == 0) return {list};
  std::vector<std::string> paths;
  std::string_view rest = list;
  while (true) {
    const std::size_t comma = rest.find(',');
    paths.push_back(trimmed(rest.substr(0, comma)));
    if (comma == std::string_view::npos) return paths;
    rest.remove_prefix(comma + 1);
  }
}

Result<TlsIdentity> load_one(const std::string& cert_file, const std::string& key_file) {
  Result<CertificateChain> certificate = load_certificate_chain(cert_file);
  if (!certificate) {
    return Error{fmt::format("failed to load certificate file \"{}\": {}", cert_file, certificate.error().message)};
  }
  Result<OpenSslPtr<EVP_PKEY>> key = load_private_key(key_file);
  if (!key) return Error{fmt::format("failed to load private key file \"{}\": {}", key_file, key.error().message)};
  ERR_clear_error();
  if (X509_check_private_key(certificate->leaf.get(), key->get()) != 1) {
    ERR_clear_error();
    const std::string other = fmt::format("does not match certificate file \"{}\"", cert_file);
    return Error{fmt::format("private key file \"{}\" {}", key_file, with_owner_and_mode(key_file, other))};
  }
  std::vector<std::uint8_t> end_point = server_end_point(*certificate->leaf);
  return TlsIdentity{cert_file, std::move(*certificate), std::move(*key), std::move(end_point)};
}

}  // namespace

Result<TlsIdentities> TlsIdentities::load(const std::string& cert_files, const std::string& key_files) {
  const std::vector<std::string> certs = split_paths(cert_files);
  const std::vector<std::string> keys = split_paths(key_files);
  if (certs.size() != keys.size()) {
    return Error{
        fmt::format("{} certificate files but {} private key files; they go in pairs", certs.size(), keys.size())};
  }
  TlsIdentities result;
  for (std::size_t i = 0; i < certs.size(); ++i) {
    Result<TlsIdentity> identity = load_one(certs[i], keys[i]);
    if (!identity) return identity.error();
    result.identities_.push_back(std::move(*identity));
  }
  return result;
}

Status TlsIdentities::install(SSL_CTX* context) const {
  std::set<int> key_types;
  for (const TlsIdentity& identity : identities_) {
    if (!key_types.insert(EVP_PKEY_get_base_id(identity.key.get())).second) continue;
    ERR_clear_error();
    if (SSL_CTX_use_cert_and_key(context, identity.certificate.leaf.get(), identity.key.get(),
                                 identity.certificate.issuers.get(), 0) != 1) {
      return Error{fmt::format("failed to load certificate file \"{}\": {}", identity.cert_file, openssl_reason())};
    }
  }
  return Done{};
}

bool TlsIdentities::choose(SSL* ssl, const std::string& host) const {
  bool cleared = false;
  std::set<int> key_types;
  for (const TlsIdentity& identity : identities_) {
    if (!certificate_names(identity.certificate.leaf.get(), host)) continue;
    if (!key_types.insert(EVP_PKEY_get_base_id(identity.key.get())).second) continue;
    if (!std::exchange(cleared, true)) SSL_certs_clear(ssl);
    if (SSL_use_cert_and_key(ssl, identity.certificate.leaf.get(), identity.key.get(),
                             identity.certificate.issuers.get(), 1) != 1) {
      return false;
    }
  }
  return true;
}

}  // namespace uvb
