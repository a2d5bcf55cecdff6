#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "auth/base64.h"
#include "auth/client_authenticator.h"
#include "auth/scram_client.h"
#include "auth/server_authenticator.h"
#include "base/limits.h"
#include "protocol/frame.h"

namespace {

constexpr std::string_view kPassword = "pencil";

std::shared_ptr<const uvb::StoredSecret> secret(bool scram) {
  static const auto plain = std::make_shared<const uvb::StoredSecret>(kPassword);
  static const auto verifier =
      std::make_shared<const uvb::StoredSecret>(uvb::format_scram_secret(*uvb::make_scram_verifier(kPassword, 2)));
  return scram ? verifier : plain;
}

template <class Authenticator>
uvb::AuthStatus tell(Authenticator& authenticator, uvb::ByteView body) {
  auto step = authenticator.on_message(body);
  if (step.status == uvb::AuthStatus::needs_work) {
    authenticator.work();
    step = authenticator.after_work();
  }
  return step.status;
}

/// Takes a piece of the input, led by its length.
uvb::ByteView take_piece(uvb::ByteView& input) {
  if (input.empty()) return {};
  const std::size_t size = input[0] < input.size() - 1 ? input[0] : input.size() - 1;
  const uvb::ByteView piece = input.subspan(1, size);
  input = input.subspan(1 + size);
  return piece;
}

/// Made-up messages never get a client in: the nonce is ours and fresh.
void attack_client_side(uvb::ByteView input, uvb::AuthMethod method, bool scram, bool binding) {
  uvb::ClientAuthRequest request;
  request.method = method;
  request.user = "ann";
  request.secret = secret(scram);
  request.scram_iterations = 2;
  if (binding) request.channel_binding.assign(32, 1);
  const auto gate = uvb::make_client_authenticator(std::move(request));
  gate->start();
  while (!input.empty()) {
    if (tell(*gate, take_piece(input)) == uvb::AuthStatus::accepted) std::abort();
  }
}

/// A server's made-up messages never complete SCRAM.
void attack_server_side(uvb::ByteView input, bool binding) {
  uvb::ServerCredentials credentials;
  credentials.user = "ann";
  credentials.secret = secret(false);
  const auto login =
      uvb::make_server_authenticator(std::move(credentials), std::vector<std::uint8_t>(binding ? 32 : 0, 1));
  while (!input.empty()) {
    const auto status = tell(*login, take_piece(input));
    if (status == uvb::AuthStatus::accepted && login->kind() == uvb::ServerAuthKind::scram) std::abort();
    if (status != uvb::AuthStatus::waiting) return;
  }
}

/// The challenge parser with our own nonce in front, which random input would hardly guess.
void read_challenge(std::string_view tail) {
  uvb::ScramClientExchange client(uvb::ScramBinding::none, {});
  const std::string first = client.client_first();
  std::string challenge = "r=" + first.substr(first.find("r=") + 2);
  challenge += tail;
  if (!client.read_server_first(challenge)) return;
  if (client.iterations() < 1 || client.iterations() > uvb::kMostScramIterations) std::abort();
  if (client.salt().empty()) std::abort();
}

void read_secret(std::string_view text) {
  if (const auto verifier = uvb::parse_scram_secret(text)) {
    const auto again = uvb::parse_scram_secret(uvb::format_scram_secret(*verifier));
    if (!again || again->salt != verifier->salt || again->stored_key != verifier->stored_key) std::abort();
  }
  if (const auto bytes = uvb::base64_decode(text)) {
    if (uvb::base64_encode(*bytes).size() != text.size()) std::abort();
  }
  uvb::saslprep(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const uvb::ByteView input(data + 1, size - 1);
  const bool binding = (choice & 8) != 0;
  switch (choice & 3) {
    case 0: attack_client_side(input, uvb::AuthMethod::scram, (choice & 4) != 0, binding); break;
    case 1: attack_server_side(input, binding); break;
    case 2: read_challenge(uvb::as_text(input)); break;
    default: read_secret(uvb::as_text(input)); break;
  }
  return 0;
}
