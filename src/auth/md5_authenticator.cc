#include "auth/md5_authenticator.h"

#include "auth/crypto.h"
#include "protocol/messages.h"
#include "protocol/write.h"

namespace uvb {

Md5Authenticator::Md5Authenticator(std::string user, std::shared_ptr<const StoredSecret> secret)
    : user_(std::move(user)), secret_(std::move(secret)) {}

AuthStep Md5Authenticator::start() {
  awaiting_response_ = true;
  fill_random(salt_);
  Buffer request;
  append_auth_md5(request, salt_);
  return waiting_step(std::move(request));
}

std::optional<Secret> Md5Authenticator::expected_response() const {
  if (secret_ == nullptr) return std::nullopt;
  if (secret_->kind() == SecretKind::md5) return md5_response(secret_->text(), salt_);
  if (secret_->kind() != SecretKind::plain) return std::nullopt;
  const auto hash = md5_hash(user_, secret_->text());
  return hash ? md5_response(hash->view(), salt_) : std::nullopt;
}

AuthStep Md5Authenticator::on_message(ByteView body) {
  const auto response = read_password(body);
  if (!awaiting_response_ || !response) {
    return rejected_step("password authentication failed", "malformed password message");
  }
  awaiting_response_ = false;
  if (response->empty()) return rejected_step("empty password returned by client");
  const auto expected = expected_response();
  const bool matches = expected && same_bytes(as_bytes(*response), as_bytes(expected->view()));
  return matches ? accepted_step() : rejected_step("password authentication failed");
}

AuthStep Md5Authenticator::after_work() { return rejected_step("password authentication failed"); }

}  // namespace uvb
