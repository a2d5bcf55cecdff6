#include "auth/scram_authenticator.h"

#include <array>
#include <span>

#include "protocol/messages.h"
#include "protocol/write.h"

namespace uvb {

ScramAuthenticator::ScramAuthenticator(ClientAuthRequest request) : request_(std::move(request)) {}

SecretKind ScramAuthenticator::secret_kind() const noexcept {
  return request_.secret == nullptr ? SecretKind::none : request_.secret->kind();
}

AuthStep ScramAuthenticator::failed(std::string_view why) {
  awaiting_ = Awaiting::nothing;
  return rejected_step("SASL authentication failed", "SCRAM authentication failed: " + std::string(why));
}

AuthStep ScramAuthenticator::start() {
  awaiting_ = Awaiting::initial_response;
  static constexpr std::array kMechanisms{kScramPlusMechanism, kScramMechanism};
  const std::span<const std::string_view> offered(kMechanisms);
  Buffer offer;
  append_auth_sasl(offer, request_.channel_binding.empty() ? offered.last(1) : offered);
  return waiting_step(std::move(offer));
}

AuthStep ScramAuthenticator::on_message(ByteView body) {
  switch (awaiting_) {
    case Awaiting::initial_response: return on_initial_response(body);
    case Awaiting::client_first: return on_client_first(as_text(body));
    case Awaiting::client_final: return on_client_final(as_text(body));
    case Awaiting::work:
    case Awaiting::nothing: break;
  }
  return failed("message out of turn");
}

AuthStep ScramAuthenticator::on_initial_response(ByteView body) {
  const auto initial = read_sasl_initial(body);
  if (!initial) return failed("malformed SASLInitialResponse");
  const bool plus = initial->mechanism == kScramPlusMechanism && !request_.channel_binding.empty();
  if (!plus && initial->mechanism != kScramMechanism) {
    awaiting_ = Awaiting::nothing;
    return rejected_step("client selected an invalid SASL authentication mechanism");
  }
  if (secret_kind() == SecretKind::md5) return failed("user has MD5 secret");
  exchange_.emplace(request_.channel_binding, plus);
  if (initial->data) return on_client_first(*initial->data);

  // Without an initial response the challenge is empty (RFC 4422 section 3.3).
  awaiting_ = Awaiting::client_first;
  Buffer challenge;
  append_auth_sasl_continue(challenge, {});
  return waiting_step(std::move(challenge));
}

std::shared_ptr<const ScramVerifier> ScramAuthenticator::known_verifier() const {
  auto verifier = request_.secret->verifier();
  const bool outdated =
      verifier != nullptr && secret_kind() == SecretKind::plain && verifier->iterations != request_.scram_iterations;
  return outdated ? nullptr : verifier;
}

/// For a user who cannot log in: the salt depends on nothing but the name and this process, the rest matches nobody.
ScramVerifier ScramAuthenticator::mock_verifier() const {
  const std::vector<std::uint8_t> fresh_key = random_bytes(Digest::kSize);
  const ByteView key = request_.mock_key == nullptr ? ByteView(fresh_key) : as_bytes(request_.mock_key->view());
  const Digest digest = hmac_sha256(key, as_bytes(request_.user));
  const ByteView salt = digest.view().first(kScramSaltSize);
  return {
      request_.scram_iterations, {salt.begin(), salt.end()}, random_bytes(Digest::kSize), random_bytes(Digest::kSize)};
}

AuthStep ScramAuthenticator::on_client_first(std::string_view message) {
  if (!exchange_->read_client_first(message)) return failed(exchange_->why());
  if (secret_kind() == SecretKind::none) return send_server_first(mock_verifier());
  if (const auto verifier = known_verifier()) return send_server_first(*verifier);
  awaiting_ = Awaiting::work;
  return work_step();
}

void ScramAuthenticator::work() {
  if (awaiting_ != Awaiting::work) return;
  verifier_ = make_scram_verifier(request_.secret->text(), request_.scram_iterations);
}

AuthStep ScramAuthenticator::after_work() {
  if (awaiting_ != Awaiting::work) return failed("message out of turn");
  if (verifier_ == nullptr) return failed("could not derive a verifier from the stored password");
  request_.secret->remember_verifier(verifier_);
  return send_server_first(*verifier_);
}

AuthStep ScramAuthenticator::send_server_first(const ScramVerifier& verifier) {
  awaiting_ = Awaiting::client_final;
  Buffer challenge;
  append_auth_sasl_continue(challenge, exchange_->make_server_first(verifier));
  return waiting_step(std::move(challenge));
}

AuthStep ScramAuthenticator::on_client_final(std::string_view message) {
  awaiting_ = Awaiting::nothing;
  const auto answer = exchange_->read_client_final(message);
  if (!answer) return failed(exchange_->why());
  if (secret_kind() == SecretKind::none) return failed("user has no password");
  if (secret_kind() == SecretKind::scram) {
    const auto verifier = request_.secret->verifier();
    keys_ = std::make_shared<const ScramKeys>(
        ScramKeys{Secret(as_text(exchange_->client_key().view())), Secret(as_text(verifier->server_key))});
  }
  Buffer final;
  append_auth_sasl_final(final, *answer);
  return accepted_step(std::move(final));
}

}  // namespace uvb
