#include "admin/console.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "admin/command_table.h"
#include "admin/courtesy.h"
#include "console_kit.h"

namespace uvb {
namespace {

class ConsoleTest : public ::testing::Test, protected ConsoleKit {};

// --- words, rights ---

TEST_F(ConsoleTest, InvalidCommandsAreQuotedAsReceived) {
  for (const std::string text :
       {"nonsense", "show foo", "SHOW", "show version now", "RELOAD all", "SUSPEND now", "SHUTDOWN soon", "SET x",
        "pause = 1", "set pause", "SHOW transaction_isolation", "SHOW extra_float_digits", " select  2 ;"}) {
    EXPECT_EQ(run(text), "ERROR invalid command '" + text + "', use SHOW HELP;");
    EXPECT_EQ(run_as_stats(text), "ERROR invalid command '" + text + "', use SHOW HELP;") << "before rights";
  }
}

TEST_F(ConsoleTest, LongInvalidCommandsAreAnsweredInFull) {
  const std::string text = "SELECT " + std::string(2000, 'x') + ", y";
  EXPECT_EQ(run(text), "ERROR invalid command '" + text + "', use SHOW HELP;");
}

TEST_F(ConsoleTest, TooLongWordsAreBadArguments) {
  EXPECT_EQ(run("PAUSE " + std::string(64, 'x')), "ERROR bad arguments");
}

TEST_F(ConsoleTest, CommandsAreLoggedForDebuggingAndErrorsLeftToWhoSendsThem) {
  run("show foo");
  EXPECT_FALSE(log.contains(LogLevel::error, "invalid command"));
  EXPECT_TRUE(log.contains(LogLevel::debug, "got admin query: show foo"));
}

TEST_F(ConsoleTest, StatsUsersMayOnlyShow) {
  for (const char* text :
       {"RELOAD", "PAUSE", "PAUSE nodb", "RESUME", "DISABLE", "DISABLE db1", "ENABLE", "RECONNECT", "KILL",
        "KILL_CLIENT", "SUSPEND", "WAIT_CLOSE", "SHUTDOWN", "SHUTDOWN WAIT_FOR_CLIENTS", "SET a = 1", "SHOW FDS"}) {
    EXPECT_EQ(run_as_stats(text), "ERROR admin access needed") << text;
  }
  EXPECT_EQ(host.done, Lines{});
  for (const ShowRow& row : show_rows()) {
    if (row.access == Access::admin) continue;
    EXPECT_EQ(run_as_stats("SHOW " + std::string(row.word)), "SHOW") << row.word;
  }
}

TEST_F(ConsoleTest, SelectIsAnAliasOfShow) {
  EXPECT_EQ(run("SELECT version"), "SHOW");
  EXPECT_EQ(run("select \"STATS\";"), "SHOW");
}

TEST_F(ConsoleTest, FakeParametersAreShownToEverybody) {
  const std::pair<const char*, const char*> expected[] = {{"client_encoding", "UTF-8"},
                                                          {"default_transaction_isolation", "read committed"},
                                                          {"standard_conforming_strings", "on"},
                                                          {"datestyle", "ISO"},
                                                          {"timezone", "GMT"}};
  for (const auto& [name, value] : expected) {
    EXPECT_EQ(columns(name), std::string(name) + ":25");
    EXPECT_EQ(lines(name), Lines{value});
  }
  EXPECT_EQ(columns("TimeZone"), "timezone:25");
}

TEST_F(ConsoleTest, HelpIsANotice) {
  const ConsoleReply reply = show("HELP");
  ASSERT_EQ(reply.notices.size(), 1U);
  EXPECT_EQ(reply.notices[0].message, "Console usage");
  EXPECT_EQ(reply.notices[0].detail, help_text());
  EXPECT_TRUE(reply.columns.empty());
  EXPECT_EQ(reply.tag, "SHOW");
}

// --- drivers ---

TEST_F(ConsoleTest, StatementsOfDriversAreTakenForNothing) {
  const std::pair<const char*, const char*> expected[] = {
      {"BEGIN", "BEGIN"},
      {"begin;", "BEGIN"},
      {"BEGIN ISOLATION LEVEL READ COMMITTED", "BEGIN"},
      {"START  TRANSACTION READ ONLY", "START TRANSACTION"},
      {"COMMIT", "COMMIT"},
      {"ROLLBACK", "ROLLBACK"},
      {"DEALLOCATE ALL", "DEALLOCATE"},
      {"deallocate \"_pg3_0\"", "DEALLOCATE"},
      {"DISCARD ALL", "DISCARD ALL"},
      {"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "SET"},
      {"SELECT 1", "SELECT 1"},
      {"BEGIN;SET TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY", "SET"},
      {"SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;", "RESET"},
      {"commit ; begin;", "BEGIN"},
  };
  for (const auto& [text, tag] : expected) EXPECT_EQ(run_as_stats(text), tag) << text;
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleTest, CourtesiesHideNoOtherCommand) {
  for (const char* text : {"BEGIN; RELOAD", "SELECT 1; RELOAD", "beginner", "SELECT 1, 2", "discard all tables",
                           "BEGIN; SHOW VERSION", "RELOAD; BEGIN", "BEGIN;;COMMIT", "DEALLOCATE \"a;b\""}) {
    EXPECT_EQ(run(text), "ERROR invalid command '" + std::string(text) + "', use SHOW HELP;");
  }
  for (const Courtesy& courtesy : courtesies()) EXPECT_FALSE(courtesy.who.empty());
}

}  // namespace
}  // namespace uvb
