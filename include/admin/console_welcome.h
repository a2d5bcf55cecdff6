#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/bytes.h"

namespace uvb {

/// What differs between the greetings of console clients.
struct ConsoleWelcome {
  /// Tracked parameters the client sent, canonical names, in the order of admin-console.md 1.3; repeated as sent.
  std::span<const std::pair<std::string, std::string>> parameters;
  ByteView cancel_key;            ///< process id and secret
  std::string_view login_notice;  ///< login_notify_message; empty: none
};

/// AuthenticationOk up to ReadyForQuery (admin-console.md 1.3).
void append_console_welcome(Buffer& out, const ConsoleWelcome& welcome);

}  // namespace uvb
