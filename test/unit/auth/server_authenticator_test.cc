#include "auth/server_authenticator.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "auth/base64.h"
#include "auth/md5.h"
#include "auth/scram_server.h"
#include "auth_test_kit.h"
#include "protocol/messages.h"

namespace uvb {
namespace {

using namespace auth_test;
using namespace std::string_view_literals;

const std::vector<std::uint8_t> kBinding(32, 0xab);

constexpr auto kOk = "\0\0\0\0"sv;
constexpr auto kCleartext = "\0\0\0\3"sv;
constexpr auto kMd5 = "\0\0\0\5SALT"sv;
constexpr auto kSasl = "\0\0\0\x0aSCRAM-SHA-256\0\0"sv;
constexpr auto kSaslPlus = "\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"sv;

std::string sasl_continue(std::string_view data) { return std::string("\0\0\0\x0b"sv) += data; }
std::string sasl_final(std::string_view data) { return std::string("\0\0\0\x0c"sv) += data; }

std::unique_ptr<ServerAuthenticator> login_with(ServerCredentials credentials, std::vector<std::uint8_t> binding = {}) {
  return make_server_authenticator(std::move(credentials), std::move(binding));
}

void expect_rejected(const AuthStep& step, std::string_view error) {
  EXPECT_EQ(step.status, AuthStatus::rejected);
  EXPECT_EQ(step.error, error);
  EXPECT_TRUE(step.reply.empty());
}

/// A scripted server in the middle of SCRAM with `login`, password kPassword.
class ScramServerScript {
 public:
  explicit ScramServerScript(ServerAuthenticator& login, int iterations = kIterations)
      : login_(login), verifier_(make_scram_verifier(kPassword, iterations)), exchange_({}, false) {}

  AuthStep challenge() {
    const Message initial = only_message(tell(login_, kSasl));
    exchange_.read_client_first(read_sasl_initial(as_bytes(initial.body))->data.value());
    return tell(login_, sasl_continue(exchange_.make_server_first(*verifier_)));
  }
  /// The server's final message, if it was convinced.
  std::optional<std::string> answer_to(const AuthStep& step) {
    return exchange_.read_client_final(only_message(step).body);
  }

 private:
  ServerAuthenticator& login_;
  std::shared_ptr<const ScramVerifier> verifier_;
  ScramServerExchange exchange_;
};

TEST(ServerAuthenticator, TrustIsAnOkAtOnce) {
  const auto login = login_with({});
  EXPECT_EQ(login->kind(), ServerAuthKind::unknown);
  EXPECT_EQ(tell(*login, kOk).status, AuthStatus::accepted);
  EXPECT_EQ(login->kind(), ServerAuthKind::trust);
}

TEST(ServerAuthenticator, PlainTextIsSentWhenAskedFor) {
  const auto login = login_with(knows(kPassword));
  const AuthStep step = tell(*login, kCleartext);
  EXPECT_EQ(only_message(step), (Message{'p', std::string(kPassword) + '\0'}));
  EXPECT_EQ(login->kind(), ServerAuthKind::cleartext);
  EXPECT_EQ(tell(*login, kOk).status, AuthStatus::accepted);
}

TEST(ServerAuthenticator, AHashIsNeverSentAsAPassword) {
  for (const std::string& hash : {std::string(md5_hash(kUser, kPassword)->view()), scram_secret(kPassword)}) {
    const auto login = login_with(knows(hash));
    const AuthStep step = tell(*login, kCleartext);
    expect_rejected(step, "server login failed: wrong password type");
    EXPECT_NE(step.log_text.find("the server wants a clear-text password"), std::string::npos);
    EXPECT_NE(step.log_text.find("TLS"), std::string::npos);
    EXPECT_EQ(step.log_text.find(hash), std::string::npos);
    EXPECT_EQ(login->kind(), ServerAuthKind::cleartext);
  }
}

TEST(ServerAuthenticator, ClearPasswordOfTheBridgeStandsInForAHash) {
  for (const std::string& hash : {std::string(md5_hash(kUser, kPassword)->view()), scram_secret(kPassword)}) {
    ServerCredentials credentials = knows(hash);
    credentials.clear_password = shared_secret(kPassword);
    EXPECT_EQ(only_message(tell(*login_with(std::move(credentials)), kCleartext)).body, std::string(kPassword) + '\0');
  }
}

TEST(ServerAuthenticator, ClearPasswordAnswersMd5AndScramToo) {
  ServerCredentials scram = knows(scram_secret(kPassword));
  scram.clear_password = shared_secret(kPassword);
  EXPECT_EQ(log_in(request_for(AuthMethod::md5, stored(kPassword)), scram).client_side.status, AuthStatus::accepted);
  ServerCredentials md5 = knows(md5_hash(kUser, kPassword)->view());
  md5.clear_password = shared_secret(kPassword);
  EXPECT_EQ(log_in(request_for(AuthMethod::scram, stored(kPassword)), md5).client_side.status, AuthStatus::accepted);
}

TEST(ServerAuthenticator, Md5FromPlainTextAndFromAHashIsTheSame) {
  const std::string hash(md5_hash(kUser, kPassword)->view());
  const std::string expected = std::string(md5_response(hash, as_bytes("SALT"))->view()) + '\0';
  for (const std::string_view known : {kPassword, std::string_view(hash)}) {
    const auto login = login_with(knows(known));
    EXPECT_EQ(only_message(tell(*login, kMd5)), (Message{'p', expected}));
    EXPECT_EQ(login->kind(), ServerAuthKind::md5);
    EXPECT_EQ(tell(*login, kOk).status, AuthStatus::accepted);
  }
}

TEST(ServerAuthenticator, Md5FromAScramSecretIsTheWrongType) {
  const AuthStep step = tell(*login_with(knows(scram_secret(kPassword))), kMd5);
  expect_rejected(step, "server login failed: wrong password type");
  EXPECT_EQ(step.log_text, "cannot do MD5 authentication: wrong password type");
}

TEST(ServerAuthenticator, ScramFromAnMd5HashIsTheWrongType) {
  const AuthStep step = tell(*login_with(knows(md5_hash(kUser, kPassword)->view())), kSasl);
  expect_rejected(step, "server login failed: wrong password type");
  EXPECT_EQ(step.log_text, "cannot do SCRAM authentication: wrong password type");
}

TEST(ServerAuthenticator, ScramSecretWithoutKeysIsTheWrongType) {
  const AuthStep step = tell(*login_with(knows(scram_secret(kPassword))), kSasl);
  expect_rejected(step, "server login failed: wrong password type");
  EXPECT_EQ(step.log_text,
            "cannot do SCRAM authentication: password is SCRAM secret but client authentication did not provide SCRAM "
            "keys");
}

TEST(ServerAuthenticator, MechanismsWithoutScramAreNotSupported) {
  for (const auto list :
       {"\0\0\0\x0aPLAIN\0OAUTHBEARER\0\0"sv, "\0\0\0\x0a\0"sv, "\0\0\0\x0aSCRAM-SHA-256-PLUS\0\0"sv}) {
    expect_rejected(tell(*login_with(knows(kPassword)), list),
                    "server login failed: none of the server's SASL authentication mechanisms are supported");
  }
}

TEST(ServerAuthenticator, UnknownMethodsAreNamedByTheirNumber) {
  for (const int code : {2, 6, 7, 8, 9, 13}) {
    const auto login = login_with(knows(kPassword));
    const std::string body{'\0', '\0', '\0', static_cast<char>(code)};
    expect_rejected(tell(*login, body), "unknown/unsupported auth method: " + std::to_string(code));
    EXPECT_EQ(login->kind(), ServerAuthKind::other);
  }
}

TEST(ServerAuthenticator, ScramIsCompleteAfterTheServersSignature) {
  const auto login = login_with(knows(kPassword));
  ScramServerScript server(*login);
  const auto answer = server.answer_to(server.challenge());
  ASSERT_TRUE(answer);
  const AuthStep verified = tell(*login, sasl_final(*answer));
  EXPECT_EQ(verified.status, AuthStatus::waiting);
  EXPECT_TRUE(verified.reply.empty());
  EXPECT_EQ(tell(*login, kOk).status, AuthStatus::accepted);
  EXPECT_EQ(login->kind(), ServerAuthKind::scram);
}

TEST(ServerAuthenticator, PasswordForScramIsDerivedInWork) {
  const auto login = login_with(knows(kPassword));
  const Message initial = only_message(login->on_message(as_bytes(kSasl)));
  ScramServerExchange server({}, false);
  ASSERT_TRUE(server.read_client_first(read_sasl_initial(as_bytes(initial.body))->data.value()));
  const std::string challenge = sasl_continue(server.make_server_first(*make_scram_verifier(kPassword, 2)));
  EXPECT_EQ(login->on_message(as_bytes(challenge)).status, AuthStatus::needs_work);
}

TEST(ServerAuthenticator, OkBeforeTheSignatureIsRefused) {
  constexpr std::string_view kError = "server login failed: failed to verify server signature";
  const auto early = login_with(knows(kPassword));
  tell(*early, kSasl);
  expect_rejected(tell(*early, kOk), kError);

  const auto late = login_with(knows(kPassword));
  ScramServerScript server(*late);
  ASSERT_EQ(server.challenge().status, AuthStatus::waiting);
  expect_rejected(tell(*late, kOk), kError);
}

TEST(ServerAuthenticator, WrongSignatureIsRefused) {
  const auto login = login_with(knows(kPassword));
  ScramServerScript server(*login);
  server.challenge();
  expect_rejected(tell(*login, sasl_final("v=" + base64_encode(std::vector<std::uint8_t>(32, 7)))),
                  "server login failed: invalid server signature");
  EXPECT_EQ(tell(*login, kOk).status, AuthStatus::rejected);
}

TEST(ServerAuthenticator, EveryCutOfTheSignatureIsRefused) {
  for (std::size_t size = 0; size < 46; ++size) {
    const auto login = login_with(knows(kPassword));
    ScramServerScript server(*login);
    const std::string answer = server.answer_to(server.challenge()).value();
    ASSERT_EQ(answer.size(), 46u);
    expect_rejected(tell(*login, sasl_final(answer.substr(0, size))),
                    "server login failed: failed to verify server signature");
  }
}

TEST(ServerAuthenticator, IterationCountOfAHostileServerIsBounded) {
  for (const std::string_view count : {"0", "-1", "10000001", "2147483647", "99999999999", ""}) {
    const auto login = login_with(knows(kPassword));
    const Message initial = only_message(tell(*login, kSasl));
    const std::string first(read_sasl_initial(as_bytes(initial.body))->data.value());
    const std::string nonce = first.substr(first.find("r=") + 2);
    const std::string challenge = sasl_continue("r=" + nonce + "x,s=QUJD,i=" + std::string(count));
    const AuthStep step = login->on_message(as_bytes(challenge));
    expect_rejected(step, "server login failed: bad SASL message");
  }
}

TEST(ServerAuthenticator, PlusIsChosenWhereBothCanBind) {
  const auto mechanism = [](std::string_view offer, std::vector<std::uint8_t> binding) {
    const Message initial = only_message(tell(*login_with(knows(kPassword), std::move(binding)), offer));
    const auto view = read_sasl_initial(as_bytes(initial.body));
    return std::string(view->mechanism) + ' ' + std::string(view->data->substr(0, view->data->find(',')));
  };
  EXPECT_EQ(mechanism(kSaslPlus, kBinding), "SCRAM-SHA-256-PLUS p=tls-server-end-point");
  EXPECT_EQ(mechanism(kSasl, kBinding), "SCRAM-SHA-256 y");
  EXPECT_EQ(mechanism(kSaslPlus, {}), "SCRAM-SHA-256 n");
  EXPECT_EQ(mechanism(kSasl, {}), "SCRAM-SHA-256 n");
}

TEST(ServerAuthenticator, SecondRequestIsRefusedSoThatNoPasswordFollowsAProof) {
  const auto login = login_with(knows(kPassword));
  tell(*login, kSasl);
  expect_rejected(tell(*login, kCleartext), "server login failed: bad authentication request");
  const auto twice = login_with(knows(kPassword));
  tell(*twice, kMd5);
  expect_rejected(tell(*twice, kCleartext), "server login failed: bad authentication request");
}

TEST(ServerAuthenticator, SaslMessagesOutOfTurnAreRefused) {
  expect_rejected(tell(*login_with(knows(kPassword)), sasl_continue("r=x")), "server login failed: bad SASL message");
  expect_rejected(tell(*login_with(knows(kPassword)), sasl_final("v=x")), "server login failed: bad SASL message");
  const auto login = login_with(knows(kPassword));
  tell(*login, kSasl);
  expect_rejected(tell(*login, sasl_final("v=x")), "server login failed: bad SASL message");
}

TEST(ServerAuthenticator, RequestsCutAnywhereAreRefused) {
  for (const std::string_view whole : {kMd5, kSaslPlus}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::string cut(whole.substr(0, size));
      EXPECT_EQ(tell(*login_with(knows(kPassword)), cut).status, AuthStatus::rejected) << size;
    }
  }
  expect_rejected(tell(*login_with(knows(kPassword)), "\0\0\0"sv), "server login failed: bad authentication request");
  expect_rejected(tell(*login_with(knows(kPassword)), "\0\0\0\0x"sv),
                  "server login failed: bad authentication request");
}

/// Pass-through keys, as a client's SCRAM login against `secret` leaves them.
std::shared_ptr<const ScramKeys> keys_of(std::string_view secret) {
  const auto gate = make_client_authenticator(request_for(AuthMethod::scram, stored(secret)));
  const auto login = make_server_authenticator(knows(kPassword), {});
  join(*gate, *login);
  return gate->take_scram_keys();
}

TEST(ServerAuthenticator, PassThroughKeysWorkForTheIdenticalSecretWithoutWork) {
  const std::string secret = scram_secret(kPassword);
  ServerCredentials credentials = knows(secret);
  credentials.scram_keys = keys_of(secret);
  const auto outcome = log_in(request_for(AuthMethod::scram, stored(secret)), credentials);
  EXPECT_EQ(outcome.client_side.status, AuthStatus::accepted);
  EXPECT_EQ(outcome.server_side.status, AuthStatus::waiting);  // signature verified, AuthenticationOk still to come
}

TEST(ServerAuthenticator, PassThroughKeysDoNotFitAnotherSalt) {
  const std::string secret = scram_secret(kPassword);
  ServerCredentials credentials = knows(secret);
  credentials.scram_keys = keys_of(secret);
  EXPECT_EQ(log_in(request_for(AuthMethod::scram, stored(scram_secret(kPassword))), credentials).client_side.status,
            AuthStatus::rejected);
}

TEST(ServerAuthenticator, ClearPasswordIsUsedWhereTheKeysDoNotFit) {
  const std::string secret = scram_secret(kPassword);
  ServerCredentials credentials = knows(secret);
  credentials.scram_keys = keys_of(secret);
  credentials.clear_password = shared_secret(kPassword);
  EXPECT_EQ(log_in(request_for(AuthMethod::scram, stored(scram_secret(kPassword))), credentials).client_side.status,
            AuthStatus::accepted);
}

TEST(ServerAuthenticator, S165_ConfiguredPlainPasswordIsNotOverriddenByKeys) {
  ServerCredentials credentials = knows(kPassword);
  credentials.scram_keys = keys_of(scram_secret("correct horse"));
  EXPECT_EQ(log_in(request_for(AuthMethod::scram, stored(scram_secret(kPassword))), credentials).client_side.status,
            AuthStatus::accepted);
}

TEST(ServerAuthenticator, WithoutAnyPasswordTheServerDecides) {
  for (const auto& secret : {stored(""), std::shared_ptr<const StoredSecret>()}) {
    ServerCredentials credentials;
    credentials.user = kUser;
    credentials.secret = secret;
    EXPECT_EQ(only_message(tell(*login_with(credentials), kCleartext)), (Message{'p', std::string(1, '\0')}));
    EXPECT_EQ(only_message(tell(*login_with(credentials), kMd5)).body.size(), 36u);
    EXPECT_EQ(only_message(tell(*login_with(credentials), kSasl)).type, 'p');
  }
}

}  // namespace
}  // namespace uvb
