#include "session/statements.h"

#include <gtest/gtest.h>

#include <array>

namespace uvb {
namespace {

constexpr std::array<std::uint8_t, 2> kNoTypes{0, 0};
constexpr std::array<std::uint8_t, 6> kOneType{0, 1, 0, 0, 0, 23};

class Statements : public testing::Test {
 protected:
  StatementPtr make(std::string_view query) { return registry_->intern(query, kNoTypes); }
  std::shared_ptr<StatementRegistry> registry_ = std::make_shared<StatementRegistry>();
};

TEST_F(Statements, S122_SameTextAndTypesAreOneStatementOtherTypesAnother) {
  const StatementPtr first = make("select 1");
  EXPECT_EQ(first, make("select 1"));
  const StatementPtr typed = registry_->intern("select 1", kOneType);
  EXPECT_NE(first, typed);
  EXPECT_NE(first->server_name(), typed->server_name());
  EXPECT_EQ(first->server_name().substr(0, 10), "PGBOUNCER_");
  EXPECT_EQ(as_text(typed->types()), as_text(kOneType));
  EXPECT_EQ(typed->query(), "select 1");
}

TEST_F(Statements, ForgottenWithTheLastUserAndNumberedAnewAfterwards) {
  const std::string before = make("select 1")->server_name();
  EXPECT_EQ(registry_->size(), 0U);
  EXPECT_NE(make("select 1")->server_name(), before);
}

TEST_F(Statements, S127_TheLongestUnusedIsSurplus) {
  ServerStatements server;
  const StatementPtr a = make("a"), b = make("b"), c = make("c");
  server.add(a);
  server.add(b);
  EXPECT_TRUE(server.touch(a));
  server.add(c);
  EXPECT_EQ(server.surplus(2), b);
  server.remove(b);
  EXPECT_EQ(server.surplus(2), nullptr);
  EXPECT_FALSE(server.contains(b));
  EXPECT_EQ(server.size(), 2U);
}

TEST_F(Statements, UnsharedOnesAreNobodyElses) {
  const StatementPtr shared = make("a");
  const StatementPtr own = registry_->unshared("a", {});
  EXPECT_NE(own, shared);
  EXPECT_NE(own, registry_->unshared("a", {}));
  EXPECT_NE(own->server_name(), shared->server_name());
  EXPECT_EQ(own->query(), "a");
  EXPECT_EQ(make("a"), shared);
}

TEST_F(Statements, NegativeLimitHasNoSurplus) {
  ServerStatements server;
  server.add(make("a"));
  EXPECT_EQ(server.surplus(-1), nullptr);
}

TEST_F(Statements, WhatCouldNotBeClosedComesBackAsTheOldest) {
  ServerStatements server;
  const StatementPtr a = make("a"), b = make("b");
  server.add(a);
  server.add(b);
  server.remove(a);
  server.put_back(a);
  EXPECT_EQ(server.surplus(1), a);
}

TEST_F(Statements, TextsThatGiveUpAllStatementsAreKnownByTheirFirstWord) {
  for (const char* text : {"DISCARD ALL", "discard all;", "Deallocate All", " \t\n deallocate all"}) {
    EXPECT_TRUE(gives_up_statements(text)) << text;
    EXPECT_TRUE(registry_->intern(text, {})->gives_up_all()) << text;
  }
  for (const char* text : {"", "d", "select 'discard all'", "declare c cursor for select 1", "disc"}) {
    EXPECT_FALSE(registry_->intern(text, {})->gives_up_all()) << text;
  }
}

TEST_F(Statements, ATextThatIsCutOffMayGiveUpAll) {
  for (const char* text : {"", " ", "d", "DISC", "deallocat"}) EXPECT_TRUE(gives_up_statements(text)) << text;
  for (const char* text : {"s", "da", "discover"}) EXPECT_FALSE(gives_up_statements(text)) << text;
}

}  // namespace
}  // namespace uvb
