#include "auth/scram_client.h"

#include <charconv>

#include "auth/base64.h"
#include "base/limits.h"

namespace uvb {

namespace {

std::string_view gs2_header(ScramBinding binding) noexcept {
  switch (binding) {
    case ScramBinding::none: return "n,,";
    case ScramBinding::not_offered: return "y,,";
    case ScramBinding::end_point: break;
  }
  return "p=tls-server-end-point,,";
}

}  // namespace

ScramClientExchange::ScramClientExchange(ScramBinding binding, std::vector<std::uint8_t> channel_binding)
    : gs2_header_(gs2_header(binding)), own_nonce_(make_scram_nonce()) {
  if (binding == ScramBinding::end_point) channel_binding_ = std::move(channel_binding);
}

bool ScramClientExchange::fail(std::string_view why) noexcept {
  why_ = why;
  return false;
}

std::string ScramClientExchange::client_first() {
  // The name is the startup packet's; PostgreSQL ignores this one.
  client_first_bare_ = "n=,r=" + own_nonce_;
  return gs2_header_ + client_first_bare_;
}

bool ScramClientExchange::parse_iterations(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, iterations_);
  return error == std::errc{} && stop == end && iterations_ >= 1 && iterations_ <= kMostScramIterations;
}

bool ScramClientExchange::read_server_first(std::string_view message) {
  std::string_view rest = message;
  if (rest.starts_with("m=")) return fail("the server requires an unsupported SCRAM extension");
  const auto nonce = take_scram_value(rest, 'r');
  if (!nonce || !is_scram_nonce(*nonce)) return fail("malformed SCRAM message from the server (no nonce)");
  if (nonce->size() <= own_nonce_.size() || !nonce->starts_with(own_nonce_)) {
    return fail("the server's SCRAM nonce does not continue ours");
  }
  const auto salt_text = take_scram_value(rest, 's');
  auto salt = salt_text ? base64_decode(*salt_text) : std::nullopt;
  if (!salt || salt->empty()) return fail("malformed SCRAM message from the server (bad salt)");
  const auto iterations = take_scram_value(rest, 'i');
  if (!iterations || !parse_iterations(*iterations)) return fail("the server's SCRAM iteration count is out of range");
  while (!rest.empty()) {
    if (!take_scram_attribute(rest)) return fail("malformed SCRAM message from the server (bad extension)");
  }
  nonce_ = *nonce;
  salt_ = std::move(*salt);
  server_first_ = message;
  return true;
}

std::string ScramClientExchange::binding_data() const {
  std::string data = gs2_header_;
  data += as_text(channel_binding_);
  return base64_encode(as_bytes(data));
}

std::string ScramClientExchange::make_client_final(const Digest& client_key, const Digest& server_key) {
  std::string message = "c=" + binding_data() + ",r=" + nonce_;
  const std::string auth_message = client_first_bare_ + ',' + server_first_ + ',' + message;
  const Digest stored_key = sha256(client_key.view());
  const Digest proof = scram_proof(client_key, stored_key, auth_message);
  signature_ = scram_server_signature(server_key.view(), auth_message);
  return message += ",p=" + base64_encode(proof.view());
}

ScramClientExchange::Verdict ScramClientExchange::verify_server_final(std::string_view message) {
  std::string_view rest = message;
  const auto value = take_scram_value(rest, 'v');
  const auto signature = value ? base64_decode(*value) : std::nullopt;
  if (!signature || signature->size() != Digest::kSize) {
    fail("malformed SCRAM message from the server (bad signature)");
    return Verdict::malformed;
  }
  if (!same_bytes(*signature, signature_.view())) {
    fail("the server's SCRAM signature is wrong: it does not know the password's verifier");
    return Verdict::wrong_signature;
  }
  return Verdict::ok;
}

}  // namespace uvb
