#include "auth/cleartext_authenticator.h"

#include "auth/crypto.h"
#include "auth/md5.h"
#include "auth/scram.h"
#include "protocol/messages.h"
#include "protocol/write.h"

namespace uvb {

CleartextAuthenticator::CleartextAuthenticator(std::string user, std::shared_ptr<const StoredSecret> secret)
    : user_(std::move(user)), secret_(std::move(secret)) {}

AuthStep CleartextAuthenticator::start() {
  awaiting_ = Awaiting::password;
  Buffer request;
  append_auth_cleartext(request);
  return waiting_step(std::move(request));
}

AuthStep CleartextAuthenticator::on_message(ByteView body) {
  const auto password = read_password(body);
  if (awaiting_ != Awaiting::password || !password) {
    return rejected_step("password authentication failed", "malformed password message");
  }
  awaiting_ = Awaiting::nothing;
  if (password->empty()) return rejected_step("empty password returned by client");

  password_ = Secret(*password);
  switch (secret_ == nullptr ? SecretKind::none : secret_->kind()) {
    case SecretKind::plain: return verdict(same_secret(*password, secret_->text()));
    case SecretKind::md5: return verdict(matches_md5());
    case SecretKind::scram: awaiting_ = Awaiting::work; return work_step();
    case SecretKind::none: break;
  }
  return verdict(false);
}

bool CleartextAuthenticator::matches_md5() const {
  const auto hash = md5_hash(user_, password_.view());
  return hash && same_bytes(as_bytes(hash->view()), as_bytes(secret_->text()));
}

void CleartextAuthenticator::work() {
  if (awaiting_ != Awaiting::work) return;
  const auto verifier = secret_->verifier();
  const auto keys = derive_scram_keys(password_.view(), verifier->salt, verifier->iterations);
  scram_matches_ = keys && same_bytes(keys->server_key.view(), verifier->server_key);
}

AuthStep CleartextAuthenticator::after_work() {
  awaiting_ = Awaiting::nothing;
  return verdict(scram_matches_);
}

AuthStep CleartextAuthenticator::verdict(bool matches) {
  accepted_ = matches;
  if (matches) return accepted_step();
  password_.wipe();
  return rejected_step("password authentication failed");
}

Secret CleartextAuthenticator::take_password() { return accepted_ ? std::move(password_) : Secret(); }

}  // namespace uvb
