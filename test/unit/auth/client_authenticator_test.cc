#include "auth/client_authenticator.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "auth/md5.h"
#include "auth/scram_client.h"
#include "auth_test_kit.h"
#include "protocol/messages.h"
#include "protocol/write.h"

namespace uvb {
namespace {

using namespace auth_test;
using namespace std::string_view_literals;

const std::vector<std::uint8_t> kBinding(32, 0xab);

std::string with_zero(std::string_view text) { return std::string(text) + '\0'; }

/// A SCRAM client below the protocol's message level.
std::string initial_response(std::string_view mechanism, std::string_view data) {
  Buffer out;
  append_sasl_initial(out, mechanism, data);
  return std::string(as_text(out.view().subspan(kHeadSize)));
}

std::string salt_of(const AuthStep& step) {
  const Message message = only_message(step);
  const std::size_t start = message.body.find(",s=") + 3;
  return message.body.substr(start, message.body.find(",i=") - start);
}

void expect_rejected(const AuthStep& step, std::string_view error) {
  EXPECT_EQ(step.status, AuthStatus::rejected);
  EXPECT_EQ(step.error, error);
  EXPECT_TRUE(step.reply.empty());
}

TEST(ClientAuthenticator, AnyLetsEverybodyIn) {
  EXPECT_EQ(make_client_authenticator(request_for(AuthMethod::any, nullptr))->start().status, AuthStatus::accepted);
}

TEST(ClientAuthenticator, TrustLetsKnownUsersInEvenWithoutAPassword) {
  EXPECT_EQ(make_client_authenticator(request_for(AuthMethod::trust, stored("")))->start().status,
            AuthStatus::accepted);
}

TEST(ClientAuthenticator, S034_TrustRefusesUnknownUsers) {
  expect_rejected(make_client_authenticator(request_for(AuthMethod::trust, nullptr))->start(),
                  "\"trust\" authentication failed");
}

TEST(ClientAuthenticator, CertNeedsAKnownUserAndAMatchingCertificate) {
  for (const bool known : {false, true}) {
    for (const bool matching : {false, true}) {
      auto request = request_for(AuthMethod::cert, known ? stored("") : nullptr);
      request.certificate_ok = matching;
      const AuthStep step = make_client_authenticator(request)->start();
      if (known && matching) {
        EXPECT_EQ(step.status, AuthStatus::accepted);
      } else {
        expect_rejected(step, "certificate authentication failed");
      }
    }
  }
}

TEST(ClientAuthenticator, S031_Md5AcceptsTheRightResponseOnly) {
  for (const std::string_view tried : {kPassword, "wrong"sv}) {
    const auto outcome = log_in(request_for(AuthMethod::md5, stored(kPassword)), knows(tried));
    if (tried == kPassword) {
      EXPECT_EQ(outcome.client_side.status, AuthStatus::accepted);
    } else {
      expect_rejected(outcome.client_side, "password authentication failed");
    }
  }
}

TEST(ClientAuthenticator, S032_Md5ChallengesUnknownUsersAndRefusesThem) {
  const auto outcome = log_in(request_for(AuthMethod::md5, nullptr), knows(kPassword));
  EXPECT_EQ(outcome.asked, ServerAuthKind::md5);
  expect_rejected(outcome.client_side, "password authentication failed");
}

TEST(ClientAuthenticator, Md5SaltIsFreshEachTime) {
  const auto one = only_message(make_client_authenticator(request_for(AuthMethod::md5, nullptr))->start());
  const auto other = only_message(make_client_authenticator(request_for(AuthMethod::md5, nullptr))->start());
  EXPECT_EQ(one.body.size(), 8u);
  EXPECT_NE(one.body, other.body);
}

TEST(ClientAuthenticator, S033_UnknownUserSeesTheSameSaltAtEachLogin) {
  std::string salts[2];
  for (std::string& salt : salts) {
    const auto gate = make_client_authenticator(request_for(AuthMethod::scram, nullptr));
    only_message(gate->start());
    const AuthStep step = tell(*gate, initial_response(kScramMechanism, "n,,n=,r=abc"));
    ASSERT_EQ(step.status, AuthStatus::waiting);
    salt = salt_of(step);
    EXPECT_EQ(salt.size(), 24u);
  }
  EXPECT_EQ(salts[0], salts[1]);
  const auto outcome = log_in(request_for(AuthMethod::scram, nullptr), knows(kPassword));
  expect_rejected(outcome.client_side, "SASL authentication failed");
}

TEST(ClientAuthenticator, MockSaltDependsOnTheNameAndTheProcess) {
  const auto salt_for = [](std::string_view user, std::shared_ptr<const Secret> key) {
    auto request = request_for(AuthMethod::scram, nullptr);
    request.user = user;
    request.mock_key = std::move(key);
    const auto gate = make_client_authenticator(request);
    gate->start();
    return salt_of(tell(*gate, initial_response(kScramMechanism, "n,,n=,r=abc")));
  };
  EXPECT_EQ(salt_for("ann", mock_key()), salt_for("ann", mock_key()));
  EXPECT_NE(salt_for("ann", mock_key()), salt_for("bob", mock_key()));
  EXPECT_NE(salt_for("ann", mock_key()), salt_for("ann", shared_secret("another process")));
}

TEST(ClientAuthenticator, S035_EmptyPasswordIsTold) {
  for (const AuthMethod method : {AuthMethod::plain, AuthMethod::md5, AuthMethod::bridge}) {
    for (const auto& secret : {stored(kPassword), stored(""), std::shared_ptr<const StoredSecret>()}) {
      const auto gate = make_client_authenticator(request_for(method, secret));
      gate->start();
      expect_rejected(tell(*gate, "\0"sv), "empty password returned by client");
    }
  }
}

TEST(ClientAuthenticator, S036_Md5WithAScramSecretAsksForSasl) {
  const auto outcome = log_in(request_for(AuthMethod::md5, stored(scram_secret(kPassword))), knows(kPassword));
  EXPECT_EQ(outcome.asked, ServerAuthKind::scram);
  EXPECT_EQ(outcome.client_side.status, AuthStatus::accepted);
}

TEST(ClientAuthenticator, S037_ScramWithAnMd5SecretFailsAfterTheFirstMessage) {
  const auto gate =
      make_client_authenticator(request_for(AuthMethod::scram, stored(md5_hash(kUser, kPassword)->view())));
  EXPECT_EQ(gate->start().status, AuthStatus::waiting);
  const AuthStep step = tell(*gate, initial_response(kScramMechanism, "n,,n=,r=abc"));
  expect_rejected(step, "SASL authentication failed");
  EXPECT_EQ(step.log_text, "SCRAM authentication failed: user has MD5 secret");
}

TEST(ClientAuthenticator, S038_MechanismThatWasNotOfferedIsRefused) {
  for (const std::string_view name : {kScramPlusMechanism, "PLAIN"sv, ""sv}) {
    const auto gate = make_client_authenticator(request_for(AuthMethod::scram, stored(kPassword)));
    gate->start();
    expect_rejected(tell(*gate, initial_response(name, "n,,n=,r=abc")),
                    "client selected an invalid SASL authentication mechanism");
  }
}

TEST(ClientAuthenticator, OffersPlusFirstWhereTlsHasAnEndPoint) {
  auto request = request_for(AuthMethod::scram, stored(kPassword));
  EXPECT_EQ(only_message(make_client_authenticator(request)->start()).body, "\0\0\0\x0aSCRAM-SHA-256\0\0"sv);
  request.channel_binding = kBinding;
  EXPECT_EQ(only_message(make_client_authenticator(request)->start()).body,
            "\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"sv);
}

TEST(ClientAuthenticator, ChannelBindingIsChecked) {
  auto request = request_for(AuthMethod::scram, stored(kPassword));
  request.channel_binding = kBinding;
  EXPECT_EQ(log_in(request, knows(kPassword), kBinding).client_side.status, AuthStatus::accepted);
  expect_rejected(log_in(request, knows(kPassword), std::vector<std::uint8_t>(32, 0xcd)).client_side,
                  "SASL authentication failed");
}

TEST(ClientAuthenticator, PlusStrippedFromTheOfferIsADowngrade) {
  auto request = request_for(AuthMethod::scram, stored(kPassword));
  request.channel_binding = kBinding;
  const auto gate = make_client_authenticator(request);
  gate->start();
  const AuthStep step = tell(*gate, initial_response(kScramMechanism, "y,,n=,r=abc"));
  expect_rejected(step, "SASL authentication failed");
  EXPECT_NE(step.log_text.find("downgrade"), std::string::npos);
}

TEST(ClientAuthenticator, ClientWithoutInitialResponseGetsAnEmptyChallenge) {
  const auto gate = make_client_authenticator(request_for(AuthMethod::scram, stored(kPassword)));
  gate->start();
  const AuthStep empty = tell(*gate, "SCRAM-SHA-256\0\xff\xff\xff\xff"sv);
  ASSERT_EQ(empty.status, AuthStatus::waiting);
  EXPECT_EQ(only_message(empty).body, "\0\0\0\x0b"sv);

  ScramClientExchange client(ScramBinding::none, {});
  const AuthStep first = tell(*gate, client.client_first());
  ASSERT_TRUE(client.read_server_first(std::string_view(only_message(first).body).substr(4)));
  const auto keys = derive_scram_keys(kPassword, client.salt(), client.iterations()).value();
  EXPECT_EQ(tell(*gate, client.make_client_final(keys.client_key, keys.server_key)).status, AuthStatus::accepted);
}

TEST(ClientAuthenticator, PlainSecretIsWorkedOnOnceAndRemembered) {
  const auto secret = stored(kPassword);
  EXPECT_TRUE(log_in(request_for(AuthMethod::scram, secret), knows(kPassword)).worked);
  ASSERT_NE(secret->verifier(), nullptr);
  const auto again = log_in(request_for(AuthMethod::scram, secret), knows(kPassword));
  EXPECT_FALSE(again.worked);
  EXPECT_EQ(again.client_side.status, AuthStatus::accepted);
}

TEST(ClientAuthenticator, ChangedIterationCountMakesANewVerifier) {
  const auto secret = stored(kPassword);
  log_in(request_for(AuthMethod::scram, secret), knows(kPassword));
  auto request = request_for(AuthMethod::scram, secret);
  request.scram_iterations = kIterations + 1;
  EXPECT_TRUE(log_in(request, knows(kPassword)).worked);
  EXPECT_EQ(secret->verifier()->iterations, kIterations + 1);
}

TEST(ClientAuthenticator, IterationCountThatCannotBeWorkedOffFailsTheLogin) {
  auto request = request_for(AuthMethod::scram, stored(kPassword));
  request.scram_iterations = 0;
  const auto outcome = log_in(request, knows(kPassword));
  EXPECT_TRUE(outcome.worked);
  EXPECT_EQ(outcome.client_side.status, AuthStatus::rejected);
  EXPECT_EQ(outcome.client_side.error, "SASL authentication failed");
}

TEST(ClientAuthenticator, StoredSecretThatWouldTakeForEverIsNotWorkedOff) {
  auto verifier = *make_scram_verifier(kPassword, kIterations);
  verifier.iterations = std::numeric_limits<int>::max();
  const auto secret = stored(format_scram_secret(verifier));
  const auto outcome = log_in(request_for(AuthMethod::plain, secret), knows(kPassword));
  EXPECT_TRUE(outcome.worked);
  EXPECT_EQ(outcome.client_side.error, "password authentication failed");
}

TEST(ClientAuthenticator, ScramSecretNeedsNoWork) {
  EXPECT_FALSE(log_in(request_for(AuthMethod::scram, stored(scram_secret(kPassword))), knows(kPassword)).worked);
}

TEST(ClientAuthenticator, ScramSecretUsesItsOwnIterationCount) {
  auto request = request_for(AuthMethod::scram, stored(scram_secret(kPassword)));
  request.scram_iterations = 4096;
  EXPECT_EQ(log_in(request, knows(kPassword)).client_side.status, AuthStatus::accepted);
}

TEST(ClientAuthenticator, ClearTextAgainstAScramSecretIsWork) {
  const auto gate = make_client_authenticator(request_for(AuthMethod::plain, stored(scram_secret(kPassword))));
  gate->start();
  EXPECT_EQ(gate->on_message(as_bytes(with_zero(kPassword))).status, AuthStatus::needs_work);
  EXPECT_TRUE(gate->take_password().empty());
  gate->work();
  EXPECT_EQ(gate->after_work().status, AuthStatus::accepted);
}

TEST(ClientAuthenticator, BridgeChecksEveryKindOfSecretAndKeepsThePassword) {
  for (const std::string& text :
       {std::string(kPassword), std::string(md5_hash(kUser, kPassword)->view()), scram_secret(kPassword)}) {
    const auto gate = make_client_authenticator(request_for(AuthMethod::bridge, stored(text)));
    EXPECT_EQ(only_message(gate->start()).body, "\0\0\0\3"sv);
    EXPECT_EQ(tell(*gate, with_zero(kPassword)).status, AuthStatus::accepted) << text;
    EXPECT_EQ(gate->take_password().view(), kPassword);
    EXPECT_TRUE(gate->take_password().empty());
  }
}

TEST(ClientAuthenticator, BridgeKeepsNothingOfARefusedPassword) {
  for (const std::string& text :
       {std::string(kPassword), std::string(md5_hash(kUser, kPassword)->view()), scram_secret(kPassword)}) {
    const auto gate = make_client_authenticator(request_for(AuthMethod::bridge, stored(text)));
    gate->start();
    expect_rejected(tell(*gate, with_zero("wrong")), "password authentication failed");
    EXPECT_TRUE(gate->take_password().empty());
  }
}

TEST(ClientAuthenticator, LongPasswordsAreTaken) {
  const std::string token(65530, 't');
  const auto gate = make_client_authenticator(request_for(AuthMethod::plain, stored(token)));
  gate->start();
  EXPECT_EQ(tell(*gate, with_zero(token)).status, AuthStatus::accepted);
}

TEST(ClientAuthenticator, ScramKeysComeOnlyFromARealScramSecret) {
  const auto keys_after_login = [](std::string_view text, std::string_view tried) {
    const auto gate = make_client_authenticator(request_for(AuthMethod::scram, stored(text)));
    const auto login = make_server_authenticator(knows(tried), {});
    join(*gate, *login);
    return gate->take_scram_keys();
  };
  const std::string secret = scram_secret(kPassword);
  const auto keys = keys_after_login(secret, kPassword);
  ASSERT_NE(keys, nullptr);
  const auto verifier = parse_scram_secret(secret);
  EXPECT_TRUE(same_bytes(sha256(as_bytes(keys->client_key.view())).view(), verifier->stored_key));
  EXPECT_TRUE(same_bytes(as_bytes(keys->server_key.view()), verifier->server_key));
  EXPECT_EQ(keys_after_login(secret, "wrong"), nullptr);
  EXPECT_EQ(keys_after_login(kPassword, kPassword), nullptr);
}

TEST(ClientAuthenticator, ReplyNeverHoldsAuthenticationOk) {
  for (const AuthMethod method : {AuthMethod::plain, AuthMethod::md5, AuthMethod::scram}) {
    const auto outcome = log_in(request_for(method, stored(kPassword)), knows(kPassword));
    ASSERT_EQ(outcome.client_side.status, AuthStatus::accepted);
    for (const Message& message : messages_of(outcome.client_side.reply)) {
      EXPECT_EQ(message.type, 'R');
      EXPECT_EQ(message.body.substr(0, 4), "\0\0\0\x0c"sv);  // SASLFinal at most
    }
  }
}

TEST(ClientAuthenticator, PasswordMessageCutAnywhereIsRefused) {
  for (const AuthMethod method : {AuthMethod::plain, AuthMethod::md5, AuthMethod::bridge}) {
    for (std::size_t size = 0; size <= kPassword.size(); ++size) {
      const auto gate = make_client_authenticator(request_for(method, stored(kPassword)));
      gate->start();
      const std::string cut(kPassword.substr(0, size));  // without the zero byte
      expect_rejected(tell(*gate, cut), "password authentication failed");
    }
  }
}

TEST(ClientAuthenticator, SaslInitialResponseCutAnywhereIsRefused) {
  const std::string whole = initial_response(kScramMechanism, "n,,n=,r=abc");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto gate = make_client_authenticator(request_for(AuthMethod::scram, stored(kPassword)));
    gate->start();
    expect_rejected(tell(*gate, whole.substr(0, size)), "SASL authentication failed");
  }
}

TEST(ClientAuthenticator, NothingIsAcceptedAfterTheVerdict) {
  for (const AuthMethod method : {AuthMethod::trust, AuthMethod::plain, AuthMethod::md5, AuthMethod::scram}) {
    const auto gate = make_client_authenticator(request_for(method, stored(kPassword)));
    gate->start();
    tell(*gate, with_zero("wrong"));
    EXPECT_EQ(tell(*gate, with_zero(kPassword)).status, AuthStatus::rejected);
  }
}

TEST(ClientAuthenticator, SecondFirstMessageIsNotAFinalOne) {
  const auto gate = make_client_authenticator(request_for(AuthMethod::scram, stored(kPassword)));
  gate->start();
  const std::string initial = initial_response(kScramMechanism, "n,,n=,r=abc");
  EXPECT_EQ(tell(*gate, initial).status, AuthStatus::waiting);
  expect_rejected(tell(*gate, initial), "SASL authentication failed");
}

}  // namespace
}  // namespace uvb
