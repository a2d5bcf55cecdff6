#include <gtest/gtest.h>

#include <string>

#include "auth/md5.h"
#include "auth_test_kit.h"

/// The tables of settings.md 4.5, every cell, with our client half and our server half joined in memory.
namespace uvb {
namespace {

using namespace auth_test;

enum class Stored : std::uint8_t { plain, md5, scram, empty, unknown };
constexpr Stored kAllStored[] = {Stored::plain, Stored::md5, Stored::scram, Stored::empty, Stored::unknown};
constexpr AuthMethod kMethods[] = {AuthMethod::trust, AuthMethod::plain, AuthMethod::md5, AuthMethod::scram,
                                   AuthMethod::bridge};

std::string text_of(Stored kind) {
  switch (kind) {
    case Stored::plain: return std::string(kPassword);
    case Stored::md5: return std::string(md5_hash(kUser, kPassword)->view());
    case Stored::scram: {
      static const std::string secret = scram_secret(kPassword);
      return secret;
    }
    case Stored::empty:
    case Stored::unknown: break;
  }
  return {};
}

std::shared_ptr<const StoredSecret> secret_of(Stored kind) {
  return kind == Stored::unknown ? nullptr : stored(text_of(kind));
}

/// settings.md 4.5, client side; its two upstream defects (empty and NULL secrets) are not copied.
bool gate_opens(Stored kind, AuthMethod method) {
  if (kind == Stored::unknown) return false;
  if (method == AuthMethod::trust) return true;
  if (kind == Stored::empty) return false;
  return !(kind == Stored::md5 && method == AuthMethod::scram);
}

std::string name_of(Stored kind, AuthMethod method) {
  return "stored " + std::to_string(static_cast<int>(kind)) + ", method " + std::to_string(static_cast<int>(method));
}

TEST(ClientSideMatrix, RightPasswordOpensWhereTheTableSaysSo) {
  for (const Stored kind : kAllStored) {
    for (const AuthMethod method : kMethods) {
      const auto outcome = log_in(request_for(method, secret_of(kind)), knows(kPassword));
      const auto expected = gate_opens(kind, method) ? AuthStatus::accepted : AuthStatus::rejected;
      EXPECT_EQ(outcome.client_side.status, expected) << name_of(kind, method);
    }
  }
}

TEST(ClientSideMatrix, WrongPasswordOpensNothingButTrust) {
  for (const Stored kind : kAllStored) {
    for (const AuthMethod method : kMethods) {
      if (method == AuthMethod::trust) continue;
      for (const std::string_view tried : {"wrong", "Correct horse", "correct hors", "correct horsee", "md5"}) {
        const auto outcome = log_in(request_for(method, secret_of(kind)), knows(tried));
        EXPECT_EQ(outcome.client_side.status, AuthStatus::rejected) << name_of(kind, method) << ' ' << tried;
      }
    }
  }
}

TEST(ClientSideMatrix, EmptyPasswordOpensNothingButTrust) {
  for (const Stored kind : kAllStored) {
    for (const AuthMethod method : kMethods) {
      if (method == AuthMethod::trust) continue;
      const auto outcome = log_in(request_for(method, secret_of(kind)), knows(""));
      EXPECT_EQ(outcome.client_side.status, AuthStatus::rejected) << name_of(kind, method);
    }
  }
}

TEST(ClientSideMatrix, StoredTextItselfIsNeverAPassword) {
  for (const Stored kind : {Stored::md5, Stored::scram}) {
    for (const AuthMethod method : kMethods) {
      if (method == AuthMethod::trust) continue;
      ServerCredentials credentials = knows("x");
      credentials.secret = nullptr;
      credentials.clear_password = shared_secret(text_of(kind));
      const auto outcome = log_in(request_for(method, secret_of(kind)), credentials);
      EXPECT_EQ(outcome.client_side.status, AuthStatus::rejected) << name_of(kind, method);
    }
  }
}

/// What a server asks for, played by our own gate holding the plain password.
struct ServerSide {
  AuthMethod asks;
  bool plain;
  bool md5;
  bool scram_without_keys;
  bool scram_with_keys;
};

/// settings.md 4.5, server side. A clear-text request with a hash fails locally instead of sending the hash.
constexpr ServerSide kServerSide[] = {
    {AuthMethod::trust, true, true, true, true},
    {AuthMethod::plain, true, false, false, false},
    {AuthMethod::md5, true, true, false, false},
    {AuthMethod::scram, true, false, false, true},
};

LoginOutcome server_login(AuthMethod asks, ServerCredentials credentials) {
  // A server that wants SCRAM holds the identical secret, otherwise keys could not work.
  const Stored held = asks == AuthMethod::scram ? Stored::scram : Stored::plain;
  return log_in(request_for(asks, secret_of(held)), std::move(credentials));
}

std::shared_ptr<const ScramKeys> pass_through_keys() {
  const auto gate = make_client_authenticator(request_for(AuthMethod::scram, secret_of(Stored::scram)));
  const auto login = make_server_authenticator(knows(kPassword), {});
  join(*gate, *login);
  return gate->take_scram_keys();
}

TEST(ServerSideMatrix, LoginSucceedsWhereTheTableSaysSo) {
  for (const ServerSide& row : kServerSide) {
    const auto succeeds = [&](Stored kind) {
      return server_login(row.asks, knows(text_of(kind))).client_side.status == AuthStatus::accepted;
    };
    const int method = static_cast<int>(row.asks);
    EXPECT_EQ(succeeds(Stored::plain), row.plain) << method;
    EXPECT_EQ(succeeds(Stored::md5), row.md5) << method;
    EXPECT_EQ(succeeds(Stored::scram), row.scram_without_keys) << method;
    EXPECT_EQ(succeeds(Stored::empty), row.asks == AuthMethod::trust) << method;
    ServerCredentials with_keys = knows(text_of(Stored::scram));
    with_keys.scram_keys = pass_through_keys();
    EXPECT_EQ(server_login(row.asks, std::move(with_keys)).client_side.status == AuthStatus::accepted,
              row.scram_with_keys)
        << method;
  }
}

TEST(ServerSideMatrix, LocalFailuresAreOfTheWrongPasswordType) {
  const std::pair<AuthMethod, Stored> cells[] = {{AuthMethod::plain, Stored::md5},
                                                 {AuthMethod::plain, Stored::scram},
                                                 {AuthMethod::md5, Stored::scram},
                                                 {AuthMethod::scram, Stored::md5},
                                                 {AuthMethod::scram, Stored::scram}};
  for (const auto& [asks, held] : cells) {
    const auto outcome = server_login(asks, knows(text_of(held)));
    EXPECT_EQ(outcome.server_side.status, AuthStatus::rejected) << name_of(held, asks);
    EXPECT_EQ(outcome.server_side.error, "server login failed: wrong password type") << name_of(held, asks);
    EXPECT_FALSE(outcome.server_side.log_text.empty()) << name_of(held, asks);
  }
}

TEST(ServerSideMatrix, BridgedPasswordSucceedsEverywhere) {
  for (const ServerSide& row : kServerSide) {
    for (const Stored kind : {Stored::md5, Stored::scram}) {
      ServerCredentials credentials = knows(text_of(kind));
      credentials.clear_password = shared_secret(kPassword);
      EXPECT_EQ(server_login(row.asks, std::move(credentials)).client_side.status, AuthStatus::accepted)
          << name_of(kind, row.asks);
    }
  }
}

/// Both tables at once: a client logs in at the pooler, which logs in at a server with the same stored secret.
TEST(BothSidesMatrix, SecretAndMethodDecideTogether) {
  for (const Stored kind : {Stored::plain, Stored::md5, Stored::scram}) {
    for (const AuthMethod method : kMethods) {
      const auto gate = make_client_authenticator(request_for(method, secret_of(kind)));
      const auto client = make_server_authenticator(knows(kPassword), {});
      const bool opened = join(*gate, *client).client_side.status == AuthStatus::accepted;
      ASSERT_EQ(opened, gate_opens(kind, method)) << name_of(kind, method);
      if (!opened) continue;

      ServerCredentials credentials = knows(text_of(kind));
      credentials.scram_keys = gate->take_scram_keys();
      if (method == AuthMethod::bridge)
        credentials.clear_password = std::make_shared<const Secret>(gate->take_password());
      const bool by_scram = method == AuthMethod::scram || method == AuthMethod::md5;
      for (const ServerSide& row : kServerSide) {
        const bool expected = method == AuthMethod::bridge || kind == Stored::plain || row.asks == AuthMethod::trust ||
                              (kind == Stored::md5 && row.asks == AuthMethod::md5) ||
                              (kind == Stored::scram && row.asks == AuthMethod::scram && by_scram);
        EXPECT_EQ(server_login(row.asks, credentials).client_side.status == AuthStatus::accepted, expected)
            << name_of(kind, method) << ", server asks " << static_cast<int>(row.asks);
      }
    }
  }
}

}  // namespace
}  // namespace uvb
