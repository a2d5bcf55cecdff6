#include "auth/stored_secret.h"

#include <gtest/gtest.h>

#include <string>

#include "auth/scram.h"

namespace uvb {
namespace {

// Password "pencil" with the salt of RFC 7677.
constexpr std::string_view kScram =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

SecretKind kind_of(std::string_view text) { return StoredSecret(text).kind(); }

std::string changed(std::string_view from, std::string_view to) {
  std::string text(kScram);
  return text.replace(text.find(from), from.size(), to);
}

TEST(StoredSecret, KindIsReadFromTheText) {
  EXPECT_EQ(kind_of(""), SecretKind::none);
  EXPECT_EQ(kind_of("secret"), SecretKind::plain);
  EXPECT_EQ(kind_of("md50123456789abcdef0123456789abcdef"), SecretKind::md5);
  EXPECT_EQ(kind_of(kScram), SecretKind::scram);
}

TEST(StoredSecret, MalformedHashesArePlainText) {
  EXPECT_EQ(kind_of("md5"), SecretKind::plain);
  EXPECT_EQ(kind_of("md50123456789ABCDEF0123456789abcdef"), SecretKind::plain);
  EXPECT_EQ(kind_of("SCRAM-SHA-256$"), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("SCRAM-SHA-256", "SCRAM-SHA-512")), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("4096", "0")), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("4096", "-1")), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("4096", "40x")), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("4096", " 4096")), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("4096", "99999999999")), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("W22Z", "W2!Z")), SecretKind::plain);
  EXPECT_EQ(kind_of(changed("WG5d8oPm", "WG5d")), SecretKind::plain);
  EXPECT_EQ(kind_of(std::string(kScram) + "AAAA"), SecretKind::plain);
}

TEST(StoredSecret, EveryCutOfAScramSecretIsPlainText) {
  for (std::size_t size = 1; size < kScram.size(); ++size) {
    EXPECT_EQ(kind_of(kScram.substr(0, size)), SecretKind::plain) << size;
  }
}

TEST(StoredSecret, ScramSecretBringsItsVerifier) {
  const StoredSecret secret(kScram);
  ASSERT_NE(secret.verifier(), nullptr);
  EXPECT_EQ(secret.verifier()->iterations, 4096);
  EXPECT_EQ(secret.verifier()->salt.size(), 16u);
  EXPECT_EQ(format_scram_secret(*secret.verifier()), kScram);
}

TEST(StoredSecret, PlainSecretRemembersADerivedVerifier) {
  const StoredSecret secret("pencil");
  EXPECT_EQ(secret.verifier(), nullptr);
  const auto verifier = make_scram_verifier("pencil", 5);
  secret.remember_verifier(verifier);
  EXPECT_EQ(secret.verifier(), verifier);
}

TEST(StandIn, IsAHashOfTheSameKindAndCost) {
  const auto md5 = make_stand_in(StoredSecret("md50123456789abcdef0123456789abcdef"));
  ASSERT_NE(md5, nullptr);
  EXPECT_EQ(md5->kind(), SecretKind::md5);
  const auto scram = make_stand_in(StoredSecret(changed("4096", "5000")));
  ASSERT_NE(scram, nullptr);
  ASSERT_EQ(scram->kind(), SecretKind::scram);
  EXPECT_EQ(scram->verifier()->iterations, 5000);
}

TEST(StandIn, DiffersFromItsModelEachTime) {
  const StoredSecret model(kScram);
  const auto first = make_stand_in(model);
  const auto second = make_stand_in(model);
  EXPECT_NE(first->text(), second->text());
  for (const auto& made : {first, second}) {
    EXPECT_NE(made->verifier()->salt, model.verifier()->salt);
    EXPECT_NE(made->verifier()->stored_key, model.verifier()->stored_key);
    EXPECT_NE(made->verifier()->server_key, model.verifier()->server_key);
  }
}

TEST(StandIn, IsOnlyMadeOfHashes) {
  EXPECT_EQ(make_stand_in(StoredSecret("secret")), nullptr);
  EXPECT_EQ(make_stand_in(StoredSecret("")), nullptr);
}

}  // namespace
}  // namespace uvb
