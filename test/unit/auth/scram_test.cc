#include "auth/scram.h"

#include <gtest/gtest.h>

#include <string>

#include "auth/base64.h"
#include "base/limits.h"

namespace uvb {
namespace {

std::vector<std::uint8_t> bytes(std::string_view base64) { return base64_decode(base64).value(); }

/// The exchange of RFC 7677 section 3, user "user", password "pencil".
struct Rfc7677 {
  std::vector<std::uint8_t> salt = bytes("W22ZaJ0SNY7soEsUEjb6gQ==");
  std::string auth_message =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  std::string_view proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
  std::string_view signature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
};

TEST(Scram, ProofAndSignatureOfRfc7677) {
  const Rfc7677 rfc;
  const ScramDerivedKeys keys = derive_scram_keys("pencil", rfc.salt, 4096).value();
  EXPECT_EQ(base64_encode(scram_proof(keys.client_key, keys.stored_key, rfc.auth_message).view()), rfc.proof);
  EXPECT_EQ(base64_encode(scram_server_signature(keys.server_key.view(), rfc.auth_message).view()), rfc.signature);
}

TEST(Scram, ProofOfRfc7677RevealsTheClientKeyToItsVerifier) {
  const Rfc7677 rfc;
  const ScramDerivedKeys keys = derive_scram_keys("pencil", rfc.salt, 4096).value();
  const Digest client_key = scram_unmask(bytes(rfc.proof), keys.stored_key.view(), rfc.auth_message);
  EXPECT_TRUE(same_bytes(client_key.view(), keys.client_key.view()));
  EXPECT_TRUE(same_bytes(sha256(client_key.view()).view(), keys.stored_key.view()));
}

TEST(Scram, VerifierHasAFreshSaltAndTheDerivedKeys) {
  const auto one = make_scram_verifier("pencil", 3);
  const auto other = make_scram_verifier("pencil", 3);
  EXPECT_NE(one->salt, other->salt);
  const ScramDerivedKeys keys = derive_scram_keys("pencil", one->salt, 3).value();
  EXPECT_TRUE(same_bytes(keys.stored_key.view(), one->stored_key));
  EXPECT_TRUE(same_bytes(keys.server_key.view(), one->server_key));
}

TEST(Scram, IterationCountNobodyCanMeanGivesNoKeys) {
  const Rfc7677 rfc;
  for (const int iterations : {-1, 0, kMostScramIterations + 1}) {
    EXPECT_FALSE(derive_scram_keys("pencil", rfc.salt, iterations)) << iterations;
    EXPECT_EQ(make_scram_verifier("pencil", iterations), nullptr) << iterations;
  }
}

TEST(Saslprep, ExamplesOfRfc4013) {
  EXPECT_EQ(saslprep("I\u00ADX").view(), "IX");
  EXPECT_EQ(saslprep("user").view(), "user");
  EXPECT_EQ(saslprep("USER").view(), "USER");
  EXPECT_EQ(saslprep("\u00AA").view(), "a");
  EXPECT_EQ(saslprep("\u2168").view(), "IX");
}

TEST(Saslprep, WhatCannotBePreparedStaysAsItIs) {
  EXPECT_EQ(saslprep("caf\xe9").view(), "caf\xe9");            // not UTF-8
  EXPECT_EQ(saslprep("tab\tred").view(), "tab\tred");          // prohibited, ASCII
  EXPECT_EQ(saslprep("\u00e4\u0007").view(), "\u00e4\u0007");  // prohibited
  EXPECT_EQ(saslprep("\u06271").view(), "\u06271");            // mixed directions
  EXPECT_EQ(saslprep("\u00ad").view(), "\u00ad");              // would vanish
  EXPECT_EQ(saslprep("").view(), "");
}

TEST(Saslprep, TextThatGrowsIsPreparedWhole) {
  std::string ligatures;
  std::string letters;
  for (int i = 0; i < 200; ++i) {
    ligatures += "\ufdfa";  // one code point, eighteen when prepared
    letters += "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064a\u0647 \u0648\u0633\u0644\u0645";
  }
  EXPECT_EQ(saslprep(ligatures).view(), letters);
}

TEST(Saslprep, EquivalentSpellingsGiveTheSameKeys) {
  const auto salt = bytes("W22ZaJ0SNY7soEsUEjb6gQ==");
  const auto composed = derive_scram_keys("caf\u00e9", salt, 2).value();
  const auto decomposed = derive_scram_keys("cafe\u0301", salt, 2).value();
  EXPECT_TRUE(same_bytes(composed.client_key.view(), decomposed.client_key.view()));
}

TEST(Scram, NoncesAreFreshAndPrintable) {
  const std::string nonce = make_scram_nonce();
  EXPECT_EQ(nonce.size(), 24u);
  EXPECT_TRUE(is_scram_nonce(nonce));
  EXPECT_NE(nonce, make_scram_nonce());
  for (const std::string_view bad : {"", "a,b", "a b", "a\n", "\x7f", "\xc3\xa4"})
    EXPECT_FALSE(is_scram_nonce(bad)) << bad;
}

TEST(Scram, AttributesAreTakenOneByOne) {
  std::string_view text = "r=a=b,s=,i=1";
  EXPECT_FALSE(take_scram_value(text, 's'));
  EXPECT_EQ(take_scram_value(text, 'r'), "a=b");
  EXPECT_EQ(take_scram_value(text, 's'), "");
  EXPECT_EQ(take_scram_value(text, 'i'), "1");
  EXPECT_TRUE(text.empty());
  for (std::string_view bad : {"", "r", "=a", "1=a", "rr=a", ",r=a"}) EXPECT_FALSE(take_scram_attribute(bad)) << bad;
}

TEST(Crypto, ComparisonsSeeLengthAndContent) {
  EXPECT_TRUE(same_bytes(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(same_bytes(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(same_bytes(as_bytes("abc"), as_bytes("ab")));
  EXPECT_TRUE(same_bytes({}, {}));
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "ab"));
}

TEST(Crypto, HmacOfRfc4231AndOfAnEmptyKey) {
  const auto hex = [](const Digest& digest) {
    std::string text;
    for (const std::uint8_t byte : digest.view()) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  };
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256({}, {})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace uvb
