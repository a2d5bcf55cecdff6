#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/client_authenticator.h"
#include "auth/scram.h"
#include "auth/server_authenticator.h"
#include "protocol/frame.h"

/// Vocabulary of the authentication tests: whole messages as (type, body), steps with their work done at once.
namespace uvb::auth_test {

inline constexpr std::string_view kUser = "ann";
inline constexpr std::string_view kPassword = "correct horse";
/// Low, so that hundreds of exchanges take no time.
inline constexpr int kIterations = 7;

struct Message {
  char type = 0;
  std::string body;
  bool operator==(const Message&) const = default;
};

inline std::vector<Message> messages_of(const Buffer& buffer) {
  std::vector<Message> messages;
  ByteView rest = buffer.view();
  MessageHead head;
  while (read_head(rest, 1u << 20, head) == HeadStatus::ok && head.size <= rest.size()) {
    messages.push_back({head.type, std::string(as_text(rest.subspan(kHeadSize, head.body_size())))});
    rest = rest.subspan(head.size);
  }
  EXPECT_TRUE(rest.empty()) << "a reply must hold whole messages";
  return messages;
}

/// The only message of a step's reply; an empty one if there is none.
inline Message only_message(const AuthStep& step) {
  auto messages = messages_of(step.reply);
  EXPECT_LE(messages.size(), 1u);
  return messages.empty() ? Message{} : messages.front();
}

/// The step behind `step`, with the expensive part done.
template <class Authenticator>
AuthStep settled(Authenticator& authenticator, AuthStep step) {
  if (step.status != AuthStatus::needs_work) return step;
  authenticator.work();
  return authenticator.after_work();
}

template <class Authenticator>
AuthStep tell(Authenticator& authenticator, std::string_view body) {
  return settled(authenticator, authenticator.on_message(as_bytes(body)));
}

inline std::shared_ptr<const StoredSecret> stored(std::string_view text) {
  return std::make_shared<const StoredSecret>(text);
}

inline std::shared_ptr<const Secret> shared_secret(std::string_view text) {
  return std::make_shared<const Secret>(text);
}

inline std::string scram_secret(std::string_view password) {
  return format_scram_secret(*make_scram_verifier(password, kIterations));
}

inline std::shared_ptr<const Secret> mock_key() {
  static const auto key = shared_secret("0123456789abcdef0123456789abcdef");
  return key;
}

inline ClientAuthRequest request_for(AuthMethod method, std::shared_ptr<const StoredSecret> secret) {
  ClientAuthRequest request;
  request.method = method;
  request.user = kUser;
  request.secret = std::move(secret);
  request.scram_iterations = kIterations;
  request.mock_key = mock_key();
  return request;
}

/// A client logged in (or not) by our own server-side half.
struct LoginOutcome {
  AuthStep client_side;  ///< last step towards the client
  AuthStep server_side;  ///< last step of the one who logs in
  bool worked = false;   ///< the client side needed work()
  ServerAuthKind asked = ServerAuthKind::unknown;
};

/// Lets `login` (as a client would) log in at `gate`, both in memory.
inline LoginOutcome join(ClientAuthenticator& gate, ServerAuthenticator& login) {
  LoginOutcome outcome;
  outcome.client_side = gate.start();
  for (int round = 0; round < 8; ++round) {
    const Message request = only_message(outcome.client_side);
    if (request.type == 'R') outcome.server_side = tell(login, request.body);
    outcome.asked = login.kind();
    if (outcome.client_side.status != AuthStatus::waiting) break;
    if (outcome.server_side.status == AuthStatus::rejected) break;
    const Message answer = only_message(outcome.server_side);
    if (answer.type != 'p') break;
    AuthStep step = gate.on_message(as_bytes(answer.body));
    outcome.worked = outcome.worked || step.status == AuthStatus::needs_work;
    outcome.client_side = settled(gate, std::move(step));
  }
  return outcome;
}

inline ServerCredentials knows(std::string_view password) {
  ServerCredentials credentials;
  credentials.user = kUser;
  credentials.secret = stored(password);
  return credentials;
}

/// `password` tried at a gate of the given method and stored secret.
inline LoginOutcome log_in(ClientAuthRequest request, ServerCredentials credentials,
                           std::vector<std::uint8_t> client_binding = {}) {
  const auto gate = make_client_authenticator(std::move(request));
  const auto login = make_server_authenticator(std::move(credentials), std::move(client_binding));
  return join(*gate, *login);
}

}  // namespace uvb::auth_test
