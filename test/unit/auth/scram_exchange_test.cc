#include <gtest/gtest.h>

#include <string>

#include "auth/base64.h"
#include "auth/scram_client.h"
#include "auth/scram_server.h"

namespace uvb {
namespace {

using Verdict = ScramClientExchange::Verdict;

const std::vector<std::uint8_t> kBinding(32, 0xab);
constexpr int kIterations = 3;
constexpr std::string_view kPassword = "pencil";

/// Both halves, joined in memory, with the usual messages at hand.
class ScramExchange : public ::testing::Test {
 protected:
  void make(ScramBinding binding, const std::vector<std::uint8_t>& offered = {}) {
    server_.emplace(offered, binding == ScramBinding::end_point);
    client_.emplace(binding, kBinding);
  }
  /// Up to the client's final message.
  std::string run_to_client_final() {
    const std::string first = client_->client_first();
    EXPECT_TRUE(server_->read_client_first(first)) << server_->why();
    server_first_ = server_->make_server_first(*verifier_);
    EXPECT_TRUE(client_->read_server_first(server_first_)) << client_->why();
    const auto keys = derive_scram_keys(kPassword, client_->salt(), client_->iterations()).value();
    return client_->make_client_final(keys.client_key, keys.server_key);
  }

  std::shared_ptr<const ScramVerifier> verifier_ = make_scram_verifier(kPassword, kIterations);
  std::optional<ScramServerExchange> server_;
  std::optional<ScramClientExchange> client_;
  std::string server_first_;
};

TEST_F(ScramExchange, BothEndsConvinceEachOther) {
  make(ScramBinding::none);
  const auto answer = server_->read_client_final(run_to_client_final());
  ASSERT_TRUE(answer) << server_->why();
  EXPECT_EQ(client_->verify_server_final(*answer), Verdict::ok);
  EXPECT_TRUE(same_bytes(sha256(server_->client_key().view()).view(), verifier_->stored_key));
}

TEST_F(ScramExchange, BindingToTheEndPoint) {
  make(ScramBinding::end_point, kBinding);
  const auto answer = server_->read_client_final(run_to_client_final());
  ASSERT_TRUE(answer) << server_->why();
  EXPECT_EQ(client_->verify_server_final(*answer), Verdict::ok);
}

TEST_F(ScramExchange, BindingToAnotherEndPointFails) {
  make(ScramBinding::end_point, std::vector<std::uint8_t>(32, 0xcd));
  EXPECT_FALSE(server_->read_client_final(run_to_client_final()));
  EXPECT_EQ(server_->why(), "SCRAM channel binding check failed");
}

TEST_F(ScramExchange, ClientThatCouldBindIsAcceptedWhereNothingWasOffered) {
  make(ScramBinding::not_offered);
  const std::string final = run_to_client_final();
  EXPECT_TRUE(final.starts_with("c=eSws,"));
  EXPECT_TRUE(server_->read_client_final(final)) << server_->why();
}

TEST_F(ScramExchange, ClientThatMissedTheOfferIsRefusedAsADowngrade) {
  make(ScramBinding::not_offered, kBinding);
  EXPECT_FALSE(server_->read_client_first(client_->client_first()));
  EXPECT_NE(server_->why().find("downgrade"), std::string_view::npos);
}

TEST_F(ScramExchange, ClientThatCannotBindIsAcceptedAlthoughItWasOffered) {
  make(ScramBinding::none, kBinding);
  const std::string final = run_to_client_final();
  EXPECT_TRUE(final.starts_with("c=biws,"));
  EXPECT_TRUE(server_->read_client_final(final)) << server_->why();
}

TEST_F(ScramExchange, MalformedClientFirstMessagesAreRefused) {
  for (const std::string_view bad :
       {"", "n", "n,", "n,,", "n,,r=abc", "n,,n=", "n,,n=,", "n,,n=,r=", "n,,n=,r=a b", "x,,n=,r=abc",
        "n,a=eve,n=,r=abc", "n,,m=x,n=,r=abc", "p=tls-server-end-point,,n=,r=abc", "n,,n=,r=abc,?", "nn,,n=,r=abc",
        "n,n=,r=abc"}) {
    ScramServerExchange server({}, false);
    EXPECT_FALSE(server.read_client_first(bad)) << bad;
    EXPECT_FALSE(server.why().empty()) << bad;
  }
}

TEST_F(ScramExchange, PlusNeedsTheEndPointFlag) {
  for (const std::string_view bad :
       {"n,,n=,r=abc", "y,,n=,r=abc", "p=tls-unique,,n=,r=abc", "p=,,n=,r=abc", "p,,n=,r=abc"}) {
    ScramServerExchange server(kBinding, true);
    EXPECT_FALSE(server.read_client_first(bad)) << bad;
  }
}

TEST_F(ScramExchange, UserNameAndExtensionsOfTheClientAreIgnored) {
  ScramServerExchange server({}, false);
  EXPECT_TRUE(server.read_client_first("n,,n=some=2Cone,r=abc,x=1,y=2")) << server.why();
  EXPECT_TRUE(server.make_server_first(*verifier_).starts_with("r=abc"));
}

TEST_F(ScramExchange, EveryCutOfTheClientFinalMessageIsRefused) {
  make(ScramBinding::none);
  const std::string final = run_to_client_final();
  for (std::size_t size = 0; size < final.size(); ++size) {
    ScramServerExchange copy = *server_;
    EXPECT_FALSE(copy.read_client_final(final.substr(0, size))) << size;
  }
  EXPECT_TRUE(server_->read_client_final(final));
}

TEST_F(ScramExchange, EveryChangedByteOfTheClientFinalMessageIsRefused) {
  make(ScramBinding::none);
  const std::string final = run_to_client_final();
  for (std::size_t at = 0; at + 2 < final.size(); ++at) {  // the last digit before '=' has two unused bits
    std::string changed = final;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    ScramServerExchange copy = *server_;
    EXPECT_FALSE(copy.read_client_final(changed)) << at;
  }
}

TEST_F(ScramExchange, ProofMustBeTheLastAttribute) {
  make(ScramBinding::none);
  const std::string final = run_to_client_final();
  EXPECT_FALSE(server_->read_client_final(final + ",x=1"));
  EXPECT_FALSE(server_->read_client_final(final + ","));
}

TEST_F(ScramExchange, ExtensionBeforeTheProofIsPartOfWhatIsProved) {
  make(ScramBinding::none);
  std::string final = run_to_client_final();
  final.insert(final.find(",p="), ",x=1");
  EXPECT_FALSE(server_->read_client_final(final));
  EXPECT_EQ(server_->why(), "wrong password");
}

TEST_F(ScramExchange, MalformedServerFirstMessagesAreRefused) {
  make(ScramBinding::none);
  const std::string first = client_->client_first();
  const std::string nonce = first.substr(first.find("r=") + 2);
  for (const std::string& bad :
       {std::string(), std::string("r="), "r=" + nonce + ",s=QUJD,i=1", "r=other" + nonce + ",s=QUJD,i=1",
        "m=x,r=" + nonce + "x,s=QUJD,i=1", "r=" + nonce + "x", "r=" + nonce + "x,s=QUJD", "r=" + nonce + "x,i=1",
        "r=" + nonce + "x,s=,i=1", "r=" + nonce + "x,s=Q?JD,i=1",
        "r=" + nonce + "x,s=QUJD,i=", "r=" + nonce + "x,s=QUJD,i=0", "r=" + nonce + "x,s=QUJD,i=-5",
        "r=" + nonce + "x,s=QUJD,i=1x", "r=" + nonce + "x,s=QUJD,i=10000001",
        "r=" + nonce + "x,s=QUJD,i=99999999999999999999", "r=" + nonce + "x,s=QUJD,i=1,?"}) {
    EXPECT_FALSE(client_->read_server_first(bad)) << bad;
    EXPECT_FALSE(client_->why().empty());
  }
  EXPECT_TRUE(client_->read_server_first("r=" + nonce + "x,s=QUJD,i=10000000,x=ignored")) << client_->why();
}

TEST_F(ScramExchange, ServerThatDoesNotKnowTheVerifierIsFoundOut) {
  make(ScramBinding::none);
  run_to_client_final();
  const std::string forged = "v=" + base64_encode(std::vector<std::uint8_t>(32, 0));
  EXPECT_EQ(client_->verify_server_final(forged), Verdict::wrong_signature);
}

TEST_F(ScramExchange, EveryCutOfTheServerFinalMessageIsRefused) {
  make(ScramBinding::none);
  const std::string answer = server_->read_client_final(run_to_client_final()).value();
  for (std::size_t size = 0; size < answer.size(); ++size) {
    EXPECT_EQ(client_->verify_server_final(answer.substr(0, size)), Verdict::malformed) << size;
  }
  EXPECT_EQ(client_->verify_server_final("e=other-error"), Verdict::malformed);
  EXPECT_EQ(client_->verify_server_final(answer), Verdict::ok);
}

}  // namespace
}  // namespace uvb
