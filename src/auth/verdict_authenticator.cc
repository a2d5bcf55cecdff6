#include "auth/verdict_authenticator.h"

namespace uvb {

namespace {

/// Null when the client gets in. A known user without a password counts as known (settings.md 4.2).
const char* error_of(const ClientAuthRequest& request) noexcept {
  const bool known = request.secret != nullptr;
  switch (request.method) {
    case AuthMethod::any: return nullptr;
    case AuthMethod::trust: return known ? nullptr : "\"trust\" authentication failed";
    case AuthMethod::cert: return known && request.certificate_ok ? nullptr : "certificate authentication failed";
    case AuthMethod::plain:
    case AuthMethod::md5:
    case AuthMethod::scram:
    case AuthMethod::bridge: break;
  }
  return "password authentication failed";
}

}  // namespace

VerdictAuthenticator::VerdictAuthenticator(const ClientAuthRequest& request) : error_(error_of(request)) {}

AuthStep VerdictAuthenticator::start() { return error_ == nullptr ? accepted_step() : rejected_step(error_); }

AuthStep VerdictAuthenticator::on_message(ByteView) {
  return rejected_step("password authentication failed", "password message without a request");
}

AuthStep VerdictAuthenticator::after_work() { return start(); }

}  // namespace uvb
