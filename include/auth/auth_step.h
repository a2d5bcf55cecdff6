#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/buffer.h"

namespace uvb {

enum class AuthStatus : std::uint8_t {
  waiting,     ///< send `reply` (may be empty) and hand in the peer's next message
  needs_work,  ///< run work() in the crypto pool, then call after_work() on the own thread
  accepted,    ///< send `reply`, if any; the peer is who it says
  rejected,    ///< `error` is for the peer's (client) or the waiting clients' (server) eyes; `log_text` for the log
};

/// What an authentication exchange wants next.
struct AuthStep {
  AuthStatus status = AuthStatus::waiting;
  Buffer reply;          ///< whole protocol messages; may hold a password: wipe() it once it is sent
  std::string error;     ///< exact text of behaviour.md 11.5
  std::string log_text;  ///< empty when `error` says it all
};

inline AuthStep waiting_step(Buffer reply = {}) { return {AuthStatus::waiting, std::move(reply), {}, {}}; }

inline AuthStep work_step() { return {AuthStatus::needs_work, {}, {}, {}}; }

inline AuthStep accepted_step(Buffer reply = {}) { return {AuthStatus::accepted, std::move(reply), {}, {}}; }

inline AuthStep rejected_step(std::string error, std::string log_text = {}) {
  return {AuthStatus::rejected, {}, std::move(error), std::move(log_text)};
}

}  // namespace uvb
