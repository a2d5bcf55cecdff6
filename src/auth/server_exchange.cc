#include "auth/server_exchange.h"

#include <algorithm>

#include "auth/md5.h"
#include "protocol/write.h"

namespace uvb {

namespace {

Digest key_of(const Secret& key) noexcept { return Digest(as_bytes(key.view())); }

}  // namespace

ServerExchange::ServerExchange(ServerCredentials credentials, std::vector<std::uint8_t> channel_binding)
    : credentials_(std::move(credentials)), channel_binding_(std::move(channel_binding)) {}

AuthStep ServerExchange::failed(std::string_view error, std::string log_text) {
  awaiting_ = Awaiting::nothing;
  return rejected_step("server login failed: " + std::string(error), std::move(log_text));
}

AuthStep ServerExchange::wrong_password_type(std::string log_text) {
  return failed("wrong password type", std::move(log_text));
}

// --- what is at hand ---

SecretKind ServerExchange::secret_kind() const noexcept {
  return credentials_.secret == nullptr ? SecretKind::none : credentials_.secret->kind();
}

/// A password that may be sent or derived from. With nothing stored it is the empty one: let the server decide.
std::optional<std::string_view> ServerExchange::clear_password() const noexcept {
  if (secret_kind() == SecretKind::plain) return credentials_.secret->text();
  if (credentials_.clear_password != nullptr && !credentials_.clear_password->empty()) {
    return credentials_.clear_password->view();
  }
  if (secret_kind() == SecretKind::none) return std::string_view{};
  return std::nullopt;
}

std::optional<Secret> ServerExchange::stored_md5_hash() const {
  if (secret_kind() == SecretKind::md5) return Secret(credentials_.secret->text());
  const auto password = clear_password();
  return password ? md5_hash(credentials_.user, *password) : std::nullopt;
}

bool ServerExchange::has_keys() const noexcept {
  const ScramKeys* const keys = credentials_.scram_keys.get();
  return keys != nullptr && keys->client_key.view().size() == Digest::kSize &&
         keys->server_key.view().size() == Digest::kSize;
}

/// Pass-through keys are only good for the very secret they were proved against, and never override a password that
/// was configured (defect D7 of behaviour.md 11.1).
bool ServerExchange::prefers_keys() const {
  if (!has_keys() || secret_kind() == SecretKind::plain) return false;
  if (clear_password().value_or(std::string_view{}).empty()) return true;
  const auto verifier = secret_kind() == SecretKind::scram ? credentials_.secret->verifier() : nullptr;
  return verifier != nullptr && verifier->iterations == exchange_->iterations() &&
         std::ranges::equal(verifier->salt, exchange_->salt());
}

// --- what the server says ---

AuthStep ServerExchange::on_message(ByteView body) {
  const auto request = read_auth_request(body);
  if (!request) return failed("bad authentication request", "authentication request without a code");
  switch (request->code) {
    case AuthCode::ok: return on_ok(request->data);
    case AuthCode::sasl_continue: return on_sasl_continue(as_text(request->data));
    case AuthCode::sasl_final: return on_sasl_final(as_text(request->data));
    default: return on_request(*request);
  }
}

AuthStep ServerExchange::on_ok(ByteView data) {
  const bool begun_scram = exchange_.has_value() && awaiting_ != Awaiting::ok;
  if (begun_scram) {
    return failed("failed to verify server signature", "the server sent AuthenticationOk before its SCRAM signature");
  }
  const bool in_turn = awaiting_ == Awaiting::request || awaiting_ == Awaiting::ok;
  if (!in_turn || !data.empty())
    return failed("bad authentication request", "AuthenticationOk out of turn or malformed");
  if (awaiting_ == Awaiting::request) kind_ = ServerAuthKind::trust;
  awaiting_ = Awaiting::nothing;
  return accepted_step();
}

AuthStep ServerExchange::on_request(const AuthRequestView& request) {
  if (awaiting_ != Awaiting::request) {
    return failed("bad authentication request", "the server asked for a second authentication");
  }
  switch (request.code) {
    case AuthCode::cleartext: return on_cleartext();
    case AuthCode::md5: return on_md5(request.data);
    case AuthCode::sasl: return on_sasl(request.data);
    default: break;
  }
  kind_ = ServerAuthKind::other;
  awaiting_ = Awaiting::nothing;
  return rejected_step("unknown/unsupported auth method: " + std::to_string(static_cast<std::uint32_t>(request.code)));
}

AuthStep ServerExchange::on_cleartext() {
  kind_ = ServerAuthKind::cleartext;
  const auto password = clear_password();
  if (!password) {
    const std::string_view stored = secret_kind() == SecretKind::md5 ? "an md5 hash" : "a SCRAM secret";
    return wrong_password_type("the server wants a clear-text password, but only " + std::string(stored) +
                               " is stored for user \"" + credentials_.user +
                               "\": let its clients connect with TLS, so that they can be asked for the password, "
                               "or store the clear-text password");
  }
  awaiting_ = Awaiting::ok;
  Buffer reply;
  append_password(reply, *password);
  return waiting_step(std::move(reply));
}

AuthStep ServerExchange::on_md5(ByteView salt) {
  kind_ = ServerAuthKind::md5;
  if (salt.size() != Md5Salt{}.size()) return failed("bad authentication request", "malformed MD5 request");
  if (secret_kind() == SecretKind::scram && !clear_password()) {
    return wrong_password_type("cannot do MD5 authentication: wrong password type");
  }
  const auto hash = stored_md5_hash();
  const auto response = hash ? md5_response(hash->view(), salt) : std::nullopt;
  if (!response) return failed("MD5 is not available", "OpenSSL offers no MD5 (FIPS mode?)");
  awaiting_ = Awaiting::ok;
  Buffer reply;
  append_password(reply, response->view());
  return waiting_step(std::move(reply));
}

AuthStep ServerExchange::on_sasl(ByteView data) {
  kind_ = ServerAuthKind::other;
  const auto mechanisms = read_sasl_mechanisms(data);
  if (!mechanisms) return failed("bad authentication request", "malformed SASL mechanism list");
  const auto offers = [&](std::string_view name) {
    return std::find(mechanisms->begin(), mechanisms->end(), name) != mechanisms->end();
  };
  const bool binds = offers(kScramPlusMechanism) && !channel_binding_.empty();
  if (!binds && !offers(kScramMechanism)) {
    return failed("none of the server's SASL authentication mechanisms are supported", {});
  }
  kind_ = ServerAuthKind::scram;
  if (clear_password() || has_keys()) return begin_scram(binds);
  if (secret_kind() == SecretKind::scram) {
    return wrong_password_type(
        "cannot do SCRAM authentication: password is SCRAM secret but client authentication did not provide SCRAM "
        "keys");
  }
  return wrong_password_type("cannot do SCRAM authentication: wrong password type");
}

AuthStep ServerExchange::begin_scram(bool server_binds) {
  ScramBinding binding = ScramBinding::end_point;
  if (!server_binds) binding = channel_binding_.empty() ? ScramBinding::none : ScramBinding::not_offered;
  exchange_.emplace(binding, channel_binding_);
  awaiting_ = Awaiting::sasl_continue;
  Buffer reply;
  append_sasl_initial(reply, server_binds ? kScramPlusMechanism : kScramMechanism, exchange_->client_first());
  return waiting_step(std::move(reply));
}

AuthStep ServerExchange::on_sasl_continue(std::string_view message) {
  if (awaiting_ != Awaiting::sasl_continue) return failed("bad SASL message", "SASLContinue out of turn");
  if (!exchange_->read_server_first(message)) return failed("bad SASL message", std::string(exchange_->why()));
  if (prefers_keys()) {
    return send_client_final(key_of(credentials_.scram_keys->client_key), key_of(credentials_.scram_keys->server_key));
  }
  awaiting_ = Awaiting::work;
  return work_step();
}

void ServerExchange::work() {
  if (awaiting_ != Awaiting::work) return;
  derived_ =
      derive_scram_keys(clear_password().value_or(std::string_view{}), exchange_->salt(), exchange_->iterations());
}

AuthStep ServerExchange::after_work() {
  if (awaiting_ != Awaiting::work) return failed("bad SASL message", "nothing was being worked on");
  if (!derived_) return failed("bad SASL message", "could not derive keys from the password");
  return send_client_final(derived_->client_key, derived_->server_key);
}

AuthStep ServerExchange::send_client_final(const Digest& client_key, const Digest& server_key) {
  awaiting_ = Awaiting::sasl_final;
  Buffer reply;
  append_sasl_response(reply, exchange_->make_client_final(client_key, server_key));
  return waiting_step(std::move(reply));
}

AuthStep ServerExchange::on_sasl_final(std::string_view message) {
  if (awaiting_ != Awaiting::sasl_final) return failed("bad SASL message", "SASLFinal out of turn");
  switch (exchange_->verify_server_final(message)) {
    case ScramClientExchange::Verdict::ok: awaiting_ = Awaiting::ok; return waiting_step();
    case ScramClientExchange::Verdict::wrong_signature:
      return failed("invalid server signature", std::string(exchange_->why()));
    case ScramClientExchange::Verdict::malformed: break;
  }
  return failed("failed to verify server signature", std::string(exchange_->why()));
}

std::unique_ptr<ServerAuthenticator> make_server_authenticator(ServerCredentials credentials,
                                                               std::vector<std::uint8_t> channel_binding) {
  return std::make_unique<ServerExchange>(std::move(credentials), std::move(channel_binding));
}

}  // namespace uvb
