#include "auth/scram_server.h"

#include "auth/base64.h"

namespace uvb {

namespace {
constexpr std::string_view kBindingFlag = "p=tls-server-end-point";
}

ScramServerExchange::ScramServerExchange(std::vector<std::uint8_t> channel_binding, bool plus)
    : channel_binding_(std::move(channel_binding)), plus_(plus) {}

bool ScramServerExchange::fail(std::string_view why) noexcept {
  why_ = why;
  return false;
}

/// The gs2-cbind-flag and its comma (RFC 5802 section 6).
bool ScramServerExchange::read_binding_flag(std::string_view& text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return fail("malformed SCRAM message (no channel-binding flag)");
  const std::string_view flag = text.substr(0, comma);
  text.remove_prefix(comma + 1);
  if (plus_) {
    return flag == kBindingFlag || fail("SCRAM-SHA-256-PLUS was chosen, but not with tls-server-end-point binding");
  }
  if (flag == "n") return true;
  if (flag != "y") return fail("channel binding was requested with SCRAM-SHA-256");
  // The client can bind and believes that we cannot, though it was offered: somebody between us removed the offer.
  return channel_binding_.empty() || fail("the client did not see the offer of SCRAM-SHA-256-PLUS (downgrade attack?)");
}

bool ScramServerExchange::read_client_first(std::string_view message) {
  std::string_view rest = message;
  if (!read_binding_flag(rest)) return false;
  if (!rest.starts_with(',')) return fail("SCRAM authorization identities are not supported");
  rest.remove_prefix(1);
  gs2_header_ = message.substr(0, message.size() - rest.size());
  client_first_bare_ = rest;

  if (rest.starts_with("m=")) return fail("the client requires an unsupported SCRAM extension");
  if (!take_scram_value(rest, 'n')) return fail("malformed SCRAM message (no user name)");
  const auto nonce = take_scram_value(rest, 'r');
  if (!nonce || !is_scram_nonce(*nonce)) return fail("malformed SCRAM message (bad nonce)");
  while (!rest.empty()) {
    if (!take_scram_attribute(rest)) return fail("malformed SCRAM message (bad extension)");
  }
  nonce_ = *nonce;
  return true;
}

std::string ScramServerExchange::make_server_first(const ScramVerifier& verifier) {
  verifier_ = verifier;
  nonce_ += make_scram_nonce();
  server_first_ = "r=" + nonce_ + ",s=" + base64_encode(verifier_.salt) + ",i=" + std::to_string(verifier_.iterations);
  return server_first_;
}

std::string ScramServerExchange::expected_binding() const {
  std::string binding = gs2_header_;
  if (plus_) binding += as_text(channel_binding_);
  return base64_encode(as_bytes(binding));
}

std::optional<ScramServerExchange::ClientFinal> ScramServerExchange::parse_client_final(std::string_view message) {
  std::string_view rest = message;
  const auto binding = take_scram_value(rest, 'c');
  if (!binding || !same_bytes(as_bytes(*binding), as_bytes(expected_binding()))) {
    fail("SCRAM channel binding check failed");
    return std::nullopt;
  }
  const auto nonce = take_scram_value(rest, 'r');
  if (!nonce || !same_bytes(as_bytes(*nonce), as_bytes(nonce_))) {
    fail("SCRAM nonce mismatch");
    return std::nullopt;
  }
  // Extensions may stand between; the proof is the last attribute.
  while (!rest.empty()) {
    const std::size_t proof_at = message.size() - rest.size();
    const auto attribute = take_scram_attribute(rest);
    if (!attribute) break;
    if (attribute->name != 'p' || !rest.empty()) continue;
    auto proof = base64_decode(attribute->value);
    if (!proof || proof->size() != Digest::kSize) break;
    return ClientFinal{message.substr(0, proof_at - 1), std::move(*proof)};
  }
  fail("malformed SCRAM message (bad proof)");
  return std::nullopt;
}

std::optional<std::string> ScramServerExchange::read_client_final(std::string_view message) {
  const auto final = parse_client_final(message);
  if (!final) return std::nullopt;
  std::string auth_message = client_first_bare_ + ',' + server_first_ + ',';
  auth_message += final->without_proof;

  client_key_ = scram_unmask(final->proof, verifier_.stored_key, auth_message);
  if (!same_bytes(sha256(client_key_.view()).view(), verifier_.stored_key)) {
    fail("wrong password");
    return std::nullopt;
  }
  return "v=" + base64_encode(scram_server_signature(verifier_.server_key, auth_message).view());
}

}  // namespace uvb
