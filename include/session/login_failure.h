#pragma once

#include <cstdint>
#include <string>

namespace uvb {

/// Why a server login did not succeed: decides what waiting clients get (behaviour.md 3.6).
struct LoginFailure {
  enum class Kind : std::uint8_t {
    connection,  ///< refused, timed out, DNS, TLS, EOF, unsupported request: waiters keep waiting
    /// The server sent ErrorResponse `code` `message`. Waiters get it (08P01 without a code) unless it is 57P03 or the
    /// pool has both a connected server and a welcome.
    server,
    local,    ///< our credentials cannot do it: as `server`, with 08P01 `message`
    aborted,  ///< we gave up ourselves (PAUSE, RECONNECT): no failure at all, no retry delay
  };
  Kind kind = Kind::connection;
  std::string code;     ///< SQLSTATE, may be empty
  std::string message;  ///< for waiters and for "cached error"
};

}  // namespace uvb
