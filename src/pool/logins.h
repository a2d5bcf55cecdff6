#pragma once

#include <memory>

#include "turn.h"

namespace uvb {

/// `server` logged in.
void login_succeeded(Turn& turn, ServerEntry& server, std::shared_ptr<const Welcome> welcome);

/// The login of `server` failed; it ends (behaviour.md 3.6).
void login_failed(Turn& turn, ServerEntry& server, const LoginFailure& failure);

/// The connection of `server` is gone; it ends.
void server_gone(Turn& turn, ServerEntry& server);

}  // namespace uvb
