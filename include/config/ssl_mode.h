#pragma once

#include <cstdint>

namespace uvb {

/// The words of client_tls_sslmode and server_tls_sslmode (settings.md 5.2 and 5.3).
enum class SslMode : std::uint8_t { disable, allow, prefer, require, verify_ca, verify_full };

}  // namespace uvb
