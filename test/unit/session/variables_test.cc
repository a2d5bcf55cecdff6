#include "session/variables.h"

#include <gtest/gtest.h>

#include "protocol/startup.h"
#include "session/startup_request.h"

namespace uvb {
namespace {

class Variables : public testing::Test {
 protected:
  std::string difference(std::string_view name, std::string_view client, std::string_view server) {
    VariableValues wanted, there;
    wanted.set(*table_.find(name), client);
    there.set(*table_.find(name), server);
    std::string sql;
    append_differences(table_, wanted, there, sql);
    return sql;
  }
  StartupRequest read(std::string packet, std::string_view ignored = "") {
    return read_startup_request(as_bytes(packet), table_, ignored);
  }
  VariableTable table_{{"IntervalStyle", "search_path"}};
};

using namespace std::string_literals;

TEST_F(Variables, S057_QuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(difference("application_name", "it's \\ x", ""), "SET application_name=E'it''s \\\\ x';");
  EXPECT_EQ(difference("application_name", "it's", ""), "SET application_name='it''s';");
}

TEST_F(Variables, S070_LongValuesAreSet) {
  const std::string longer(4000, 'x');
  EXPECT_EQ(difference("application_name", longer, "y"), "SET application_name='" + longer + "';");
}

TEST_F(Variables, ValuesThatDifferOnlyInCaseAreLeftAlone) {
  EXPECT_EQ(difference("client_encoding", "utf8", "UTF8"), "");
}

TEST_F(Variables, WhoAsksForNothingElseSharesWhatTheServerSaid) {
  VariableValues server, like, other;
  server.set(0, "ISO");
  server.set(1, "UTF8");
  like.set(1, "UTF8");
  like.fill_from(server);
  EXPECT_TRUE(like.shares(server));
  other.set(1, "LATIN1");
  other.fill_from(server);
  EXPECT_FALSE(other.shares(server));
  EXPECT_EQ(*other.text(0), "ISO");
  EXPECT_EQ(*other.text(1), "LATIN1");
  EXPECT_EQ(*server.text(1), "UTF8") << "changing a copy changes nobody else's";
}

TEST_F(Variables, EqualValuesOfTwoServersBecomeOne) {
  VariableValues one, two;
  for (VariableValues* values : {&one, &two}) {
    values->set(0, "ISO");
    values->set(1, "UTF8");
  }
  two.share_if_equal(one);
  EXPECT_TRUE(two.shares(one));
  two.set(1, "utf8");
  EXPECT_FALSE(two.shares(one));
  two.share_if_equal(one);
  EXPECT_FALSE(two.shares(one)) << "the spelling is told to clients";
}

TEST_F(Variables, ManyEqualOnesBecomeOneInAFewMeetings) {
  std::vector<VariableValues> clients(4), servers(4);
  for (std::vector<VariableValues>* side : {&clients, &servers}) {
    for (VariableValues& values : *side) values.set(0, "ISO");
  }
  for (int round = 0; round < 2; ++round) {
    for (VariableValues& client : clients) {
      for (VariableValues& server : servers) client.share_if_equal(server);
    }
  }
  for (const VariableValues& client : clients) EXPECT_TRUE(client.shares(servers[0]));
  for (const VariableValues& server : servers) EXPECT_TRUE(server.shares(clients[0]));
}

TEST_F(Variables, AdoptedSpellingsAreTheServers) {
  VariableValues client, server;
  client.set(0, "iso");
  client.set(3, "mine");
  server.set(0, "ISO");
  client.adopt(server);
  EXPECT_EQ(*client.text(0), "ISO");
  EXPECT_EQ(*client.text(3), "mine");
}

TEST_F(Variables, UnknownOnEitherSideIsLeftAlone) {
  VariableValues wanted, there;
  wanted.set(0, "German");
  std::string sql;
  EXPECT_FALSE(append_differences(table_, wanted, there, sql));
  EXPECT_EQ(sql, "");
}

TEST_F(Variables, S058_NamesAreFoundInAnyCase) {
  EXPECT_EQ(table_.find("DATESTYLE"), table_.find("DateStyle"));
  EXPECT_FALSE(table_.find("zork"));
}

TEST_F(Variables, S014_DatabaseIsTheUserWhenNoneIsGiven) {
  const StartupRequest request = read("user\0alice\0\0"s);
  EXPECT_EQ(request.database, "alice");
  EXPECT_EQ(request.error, "");
}

TEST_F(Variables, S013_NoUserIsAnError) { EXPECT_EQ(read("database\0x\0\0"s).error, "no username supplied"); }

TEST_F(Variables, S059_UnknownParameterIsRefusedByName) {
  EXPECT_EQ(read("user\0a\0zork\0001\0\0"s).refusal, "unsupported startup parameter: zork");
}

TEST_F(Variables, S060_IgnoredNamesAreCaseSensitive) {
  EXPECT_EQ(read("user\0a\0foo\0001\0\0"s, "foo").refusal, "");
  EXPECT_EQ(read("user\0a\0FOO\0001\0\0"s, "foo").refusal, "unsupported startup parameter: FOO");
}

TEST_F(Variables, S061_UnknownOptionIsRefusedUnlessOptionsAreIgnored) {
  EXPECT_EQ(read("user\0a\0options\0-c a=b\0\0"s).refusal, "unsupported startup parameter in options: a");
  EXPECT_EQ(read("user\0a\0options\0-c a=b\0\0"s, "options").refusal, "");
}

TEST_F(Variables, S062_UnreadableOptionsAreARefusalThatQuestdbsClientsNeedNotHear) {
  const auto request = read("user\0a\0options\0-c statement_timeout=5 -d\0\0"s, "options");
  EXPECT_EQ(request.error, "");
  EXPECT_EQ(request.refusal, kBadOptionsText);
  EXPECT_EQ(request.questdb_options, "-c statement_timeout=5");
}

TEST_F(Variables, StatementTimeoutIsKeptInQuestdbsSpelling) {
  EXPECT_EQ(read("user\0a\0options\0--statement_timeout=500\0\0"s).questdb_options, "-c statement_timeout=500");
  EXPECT_EQ(read("user\0a\0options\0-c statement_timeout=5min\0\0"s).questdb_options, "");
}

}  // namespace
}  // namespace uvb
