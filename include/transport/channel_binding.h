#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <vector>

namespace uvb {

/// What tls-server-end-point binds to: a hash of the server's certificate (RFC 5929 4.1). Empty where it is undefined,
/// for signatures without a digest of their own (Ed25519). Any thread.
std::vector<std::uint8_t> server_end_point(const X509& certificate);

}  // namespace uvb
