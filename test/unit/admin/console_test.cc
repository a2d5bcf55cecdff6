#include "admin/console.h"

#include <gtest/gtest.h>

#include "admin/command_table.h"
#include "admin/courtesy.h"
#include "console_kit.h"

namespace uvb {
namespace {

class ConsoleTest : public ::testing::Test, protected ConsoleKit {};

// --- words, rights ----------------------------------------------------------------------------------------------------

TEST_F(ConsoleTest, InvalidCommandsAreQuotedAsReceived) {
  for (const std::string text : {"nonsense", "show foo", "SHOW", "show version now", "RELOAD all", "SUSPEND now",
                                 "SHUTDOWN soon", "SET x", "pause = 1", "set pause", "SHOW transaction_isolation",
                                 "SHOW extra_float_digits", " select  2 ;"}) {
    EXPECT_EQ(run(text), "ERROR invalid command '" + text + "', use SHOW HELP;");
    EXPECT_EQ(run_as_stats(text), "ERROR invalid command '" + text + "', use SHOW HELP;") << "before rights";
  }
}

TEST_F(ConsoleTest, LongInvalidCommandsAreAnsweredInFull) {
  const std::string text = "SELECT " + std::string(2000, 'x') + ", y";
  EXPECT_EQ(run(text), "ERROR invalid command '" + text + "', use SHOW HELP;");
}

TEST_F(ConsoleTest, TooLongWordsAreBadArguments) { EXPECT_EQ(run("PAUSE " + std::string(64, 'x')), "ERROR bad arguments"); }

TEST_F(ConsoleTest, CommandsAreLoggedForDebuggingAndErrorsLeftToWhoSendsThem) {
  run("show foo");
  EXPECT_FALSE(log.contains(LogLevel::error, "invalid command"));
  EXPECT_TRUE(log.contains(LogLevel::debug, "got admin query: show foo"));
}

TEST_F(ConsoleTest, StatsUsersMayOnlyShow) {
  for (const char* text : {"RELOAD", "PAUSE", "PAUSE nodb", "RESUME", "DISABLE", "DISABLE db1", "ENABLE", "RECONNECT", "KILL",
                           "KILL_CLIENT", "SUSPEND", "WAIT_CLOSE", "SHUTDOWN", "SHUTDOWN WAIT_FOR_CLIENTS", "SET a = 1",
                           "SHOW FDS"}) {
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

// --- blocking and acting on databases ---------------------------------------------------------------------------------

TEST_F(ConsoleTest, PauseOfAQuietPoolerAnswersAtOnce) {
  EXPECT_EQ(run("PAUSE"), "PAUSE");
  EXPECT_EQ(host.done, Lines{"pause "});
  EXPECT_TRUE(log.contains(LogLevel::log, "PAUSE command issued"));
  EXPECT_EQ(run("PAUSE db1"), "ERROR already suspended/paused");
}

TEST_F(ConsoleTest, PauseOfOneDatabase) {
  EXPECT_EQ(run("PAUSE db1"), "PAUSE");
  EXPECT_EQ(run("PAUSE db1"), "PAUSE") << "repeating is fine";
  EXPECT_EQ(host.process, ProcessState::active);
  EXPECT_TRUE(log.contains(LogLevel::log, "PAUSE 'db1' command issued"));
}

TEST_F(ConsoleTest, PauseOfNoNameIsGlobal) {
  run("PAUSE \"\"");
  EXPECT_EQ(host.process, ProcessState::paused);
}

TEST_F(ConsoleTest, DatabaseErrorsHaveTheirTexts) {
  EXPECT_EQ(run("PAUSE nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("PAUSE DB1"), "ERROR no such database: DB1");
  EXPECT_EQ(run("PAUSE pgbouncer"), "ERROR cannot pause admin db: pgbouncer");
  EXPECT_EQ(run("RESUME nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("RESUME db1"), "ERROR database db1 is not paused");
  EXPECT_EQ(run("RESUME pgbouncer"), "ERROR database pgbouncer is not paused");
  EXPECT_EQ(run("DISABLE"), "ERROR a database is required");
  EXPECT_EQ(run("DISABLE nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("DISABLE pgbouncer"), "ERROR cannot disable admin db: pgbouncer");
  EXPECT_EQ(run("ENABLE"), "ERROR a database is required");
  EXPECT_EQ(run("ENABLE nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("ENABLE pgbouncer"), "ERROR cannot enable admin db: pgbouncer");
  EXPECT_EQ(run("RECONNECT nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("RECONNECT pgbouncer"), "ERROR cannot reconnect admin db: pgbouncer");
  EXPECT_EQ(run("KILL nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("KILL pgbouncer"), "ERROR cannot kill admin db: pgbouncer");
  EXPECT_EQ(run("WAIT_CLOSE nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("WAIT_CLOSE pgbouncer"), "ERROR cannot wait in admin db: pgbouncer");
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleTest, PausedStateIsCheckedBeforeTheName) {
  run("PAUSE");
  EXPECT_EQ(run("KILL nodb"), "ERROR already suspended/paused");
  EXPECT_EQ(run("KILL"), "ERROR already suspended/paused");
  EXPECT_EQ(run("SUSPEND"), "ERROR already suspended/paused");
  EXPECT_EQ(run("RECONNECT db1"), "RECONNECT") << "allowed while paused";
}

TEST_F(ConsoleTest, AutoDatabasesAreRegisteredByAllButResumeAndEnable) {
  host.settings.autodb = "";
  EXPECT_EQ(run("RESUME new1"), "ERROR no such database: new1");
  EXPECT_EQ(run("ENABLE new2"), "ERROR no such database: new2");
  EXPECT_EQ(run("DISABLE new3"), "DISABLE");
  EXPECT_EQ(run("KILL new4"), "KILL");
  EXPECT_EQ(host.done, (Lines{"register new3", "disable new3", "register new4", "kill new4"}));
}

TEST_F(ConsoleTest, ActionsAreCarriedOutAndLogged) {
  EXPECT_EQ(run("DISABLE db1"), "DISABLE");
  EXPECT_EQ(run("ENABLE db1"), "ENABLE");
  EXPECT_EQ(run("RECONNECT"), "RECONNECT");
  EXPECT_EQ(run("RECONNECT db2"), "RECONNECT");
  EXPECT_EQ(run("kill"), "KILL");
  EXPECT_EQ(run("Kill db1"), "KILL");
  EXPECT_EQ(host.done, (Lines{"disable db1", "enable db1", "reconnect ", "reconnect db2", "kill ", "kill db1"}));
  for (const char* text : {"DISABLE 'db1' command issued", "ENABLE 'db1' command issued", "RECONNECT command issued",
                           "RECONNECT 'db2' command issued", "KILL command issued", "KILL 'db1' command issued"}) {
    EXPECT_EQ(log.count(LogLevel::log, text), 1U) << text;
  }
}

TEST_F(ConsoleTest, ResumeUndoesPause) {
  EXPECT_EQ(run("RESUME"), "ERROR pooler is not paused/suspended");
  EXPECT_EQ(log.count(LogLevel::log, "RESUME command issued"), 1U) << "logged although it failed";
  run("PAUSE");
  EXPECT_EQ(run("RESUME"), "RESUME");
  run("PAUSE db1");
  EXPECT_EQ(run("RESUME"), "ERROR pooler is not paused/suspended");
  EXPECT_EQ(run("RESUME db1"), "RESUME");
  run("PAUSE");
  host.going_down = true;
  EXPECT_EQ(run("RESUME"), "ERROR pooler is shutting down");
}

TEST_F(ConsoleTest, S151_PauseAnswersWhenTheLastTransactionIsOver) {
  host.busy = true;
  EXPECT_EQ(run("PAUSE"), "blocked");
  EXPECT_TRUE(console.waiting());
  EXPECT_TRUE(console.poll().empty());
  host.busy = false;
  const auto answers = console.poll();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].session, kSession);
  EXPECT_EQ(brief(answers[0].reply), "PAUSE");
  EXPECT_TRUE(console.poll().empty()) << "once";
}

TEST_F(ConsoleTest, ResumeElsewhereAnswersTheWaitingPause) {
  host.busy = true;
  run("PAUSE", ConsoleRole::admin, ConnectionId{1});
  EXPECT_EQ(run("RESUME"), "RESUME");
  const auto answers = console.poll();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].session, ConnectionId{1});
  EXPECT_EQ(brief(answers[0].reply), "ERROR 57014 PAUSE was undone before it was complete");
}

TEST_F(ConsoleTest, WaitCloseWaitsForItsOwnDatabaseOnly) {
  host.add_pool("db1", "u").close_needed = true;
  host.add_pool("db2", "u");
  EXPECT_EQ(run("WAIT_CLOSE db2"), "WAIT_CLOSE");
  EXPECT_EQ(run("WAIT_CLOSE db1"), "blocked");
  EXPECT_TRUE(console.poll().empty());
  host.all_pools[0].close_needed = false;
  const auto answers = console.poll();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(brief(answers[0].reply), "WAIT_CLOSE");
  EXPECT_TRUE(log.contains(LogLevel::log, "WAIT_CLOSE 'db1' command issued"));
}

TEST_F(ConsoleTest, WaitersAreAnsweredByTheirOwnConditionAndTag) {
  host.add_pool("db1", "u").close_needed = true;
  host.busy = true;
  EXPECT_EQ(run("WAIT_CLOSE", ConsoleRole::admin, ConnectionId{1}), "blocked");
  EXPECT_EQ(run("PAUSE", ConsoleRole::admin, ConnectionId{2}), "blocked");
  host.busy = false;
  auto answers = console.poll();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].session, ConnectionId{2});
  EXPECT_EQ(brief(answers[0].reply), "PAUSE");
  host.all_pools[0].close_needed = false;
  answers = console.poll();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].session, ConnectionId{1});
  EXPECT_EQ(brief(answers[0].reply), "WAIT_CLOSE");
}

TEST_F(ConsoleTest, AFinishedWaitCloseLeavesNoMark) {
  host.add_pool("db1", "u");
  EXPECT_EQ(run("WAIT_CLOSE"), "WAIT_CLOSE");
  host.busy = true;
  EXPECT_EQ(run("PAUSE"), "blocked");
  EXPECT_TRUE(console.poll().empty());
}

TEST_F(ConsoleTest, ALeavingSessionIsForgottenButThePauseStays) {
  host.busy = true;
  run("PAUSE");
  console.forget(kSession);
  EXPECT_FALSE(console.waiting());
  EXPECT_EQ(host.process, ProcessState::paused);
}

TEST_F(ConsoleTest, CancelUndoesAGlobalPause) {
  host.busy = true;
  run("PAUSE");
  const auto answers = console.cancel(kSession);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(brief(answers[0].reply), "ERROR 57014 canceling statement due to user request");
  EXPECT_EQ(host.process, ProcessState::active);
  EXPECT_FALSE(log.contains(LogLevel::warning, "non-waiting"));
}

TEST_F(ConsoleTest, CancelOfAnotherSessionUndoesAGlobalPauseToo) {
  host.busy = true;
  run("PAUSE", ConsoleRole::admin, ConnectionId{1});
  const auto answers = console.cancel(ConnectionId{2});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].session, ConnectionId{1});
  EXPECT_EQ(host.process, ProcessState::active);
  EXPECT_TRUE(log.contains(LogLevel::warning, "admin cancel request for non-waiting client?"));
}

TEST_F(ConsoleTest, CancelWhileShuttingDownResumesNothing) {
  run("PAUSE");
  host.going_down = true;
  EXPECT_TRUE(console.cancel(kSession).empty());
  EXPECT_EQ(host.process, ProcessState::paused);
}

TEST_F(ConsoleTest, CancelUndoesThePauseOfOneDatabase) {
  host.busy = true;
  run("PAUSE db1");
  ASSERT_EQ(console.cancel(kSession).size(), 1U);
  EXPECT_EQ(host.done, (Lines{"pause db1", "resume db1"}));
}

TEST_F(ConsoleTest, CancelEndsAWaitClose) {
  host.add_pool("db1", "u").close_needed = true;
  run("WAIT_CLOSE");
  ASSERT_EQ(console.cancel(kSession).size(), 1U);
  EXPECT_FALSE(console.waiting());
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleTest, CancelOfAnIdleActiveConsoleDoesNothing) {
  EXPECT_TRUE(console.cancel(kSession).empty());
  EXPECT_EQ(host.done, Lines{});
}

// --- acting on the process --------------------------------------------------------------------------------------------

TEST_F(ConsoleTest, Reload) {
  EXPECT_EQ(run("RELOAD"), "RELOAD");
  EXPECT_TRUE(log.contains(LogLevel::log, "RELOAD command issued"));
}

TEST_F(ConsoleTest, S161_AFailedReloadNamesTheMistake) {
  host.reload_fails = true;
  const ConsoleStep result = step("RELOAD");
  ASSERT_TRUE(result.reply && result.reply->error);
  EXPECT_EQ(brief(*result.reply), "ERROR F0000 RELOAD failed, see logs for additional details");
  EXPECT_EQ(result.reply->error->detail, "pgbouncer.ini:7: what is this");
}

TEST_F(ConsoleTest, SetEchoesUnquotedInput) {
  EXPECT_EQ(run("SET server_check_query = 'select ''x'''"), "SET server_check_query=select 'x'");
  EXPECT_EQ(host.done, Lines{"set server_check_query=select 'x'"});
}

TEST_F(ConsoleTest, SetFailures) {
  host.set_result = SetResult::failed;
  EXPECT_EQ(run("SET nokey = 1"), "ERROR SET failed");
  EXPECT_EQ(run("SET \"\" = 1"), "ERROR bad arguments");
  EXPECT_EQ(run("SET x = 1.5"), "ERROR invalid command 'SET x = 1.5', use SHOW HELP;");
}

TEST_F(ConsoleTest, SetWhoseTlsIsRefusedSucceedsWithANotice) {
  host.set_result = SetResult::tls_refused;
  const ConsoleStep result = step("SET client_tls_ciphers = bad");
  ASSERT_TRUE(result.reply.has_value());
  EXPECT_EQ(result.reply->tag, "SET client_tls_ciphers=bad");
  ASSERT_EQ(result.reply->notices.size(), 1U);
  EXPECT_EQ(result.reply->notices[0].message, "TLS settings could not be applied, still using old configuration");
}

TEST_F(ConsoleTest, SetOfFakeParametersIsIgnoredForEverybody) {
  for (const char* text : {"SET client_encoding TO 'utf8'", "set DateStyle = iso", "SET timezone = \"UTC\"",
                           "SET extra_float_digits = 3", "SET application_name = 'my app'"}) {
    const ConsoleStep result = step(text, ConsoleRole::stats);
    ASSERT_TRUE(result.reply.has_value());
    EXPECT_EQ(brief(*result.reply), "SET") << text;
    ASSERT_EQ(result.reply->notices.size(), 1U);
    EXPECT_EQ(result.reply->notices[0].message, "SET ignored");
  }
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleTest, KillClientChecksItsId) {
  SocketRow client;
  client.state = SocketState::client_active;
  client.id = ConnectionId{12};
  SocketRow login;
  login.id = ConnectionId{13};
  SocketRow server;
  server.state = SocketState::server_active;
  server.id = ConnectionId{14};
  census.sockets = {client, login, server};
  EXPECT_EQ(run("KILL_CLIENT"), "ERROR invalid client pointer supplied");
  EXPECT_EQ(run("KILL_CLIENT abc"), "ERROR invalid client pointer supplied");
  EXPECT_EQ(run("KILL_CLIENT \"\""), "ERROR invalid client pointer supplied");
  EXPECT_EQ(run("KILL_CLIENT 11"), "ERROR client not found");
  EXPECT_EQ(run("KILL_CLIENT \"-12\""), "ERROR client not found");
  EXPECT_EQ(run("KILL_CLIENT 99999999999999999999999999"), "ERROR client not found");
  EXPECT_EQ(run("KILL_CLIENT 13"), "ERROR client not found") << "still logging in";
  EXPECT_EQ(run("KILL_CLIENT 14"), "ERROR client not found") << "a server";
  EXPECT_EQ(host.done, Lines{});
  EXPECT_EQ(run("KILL_CLIENT 12abc"), "KILL_CLIENT");
  EXPECT_EQ(run("KILL_CLIENT \" +12\""), "KILL_CLIENT");
  EXPECT_EQ(host.done, (Lines{"kill_client 12", "kill_client 12"}));
}

TEST_F(ConsoleTest, KillClientOfOneselfEndsJustTheSession) {
  EXPECT_EQ(run("KILL_CLIENT 77"), "FATAL admin forced disconnect");
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleTest, KillClientGathersBeforeItActs) {
  const ConsoleStep first = console.run({kSession, ConsoleRole::admin, "KILL_CLIENT 12"}, now, wall);
  EXPECT_FALSE(first.reply.has_value());
  EXPECT_EQ(first.gather, Gather::sockets);
}

TEST_F(ConsoleTest, Shutdown) {
  EXPECT_EQ(run("SHUTDOWN wait_for_servers"), "SHUTDOWN");
  EXPECT_EQ(run("SHUTDOWN \"WAIT_FOR_CLIENTS\""), "SHUTDOWN");
  EXPECT_EQ(run("SHUTDOWN"), "close") << "no answer but the end of the connection";
  EXPECT_EQ(host.done, (Lines{"shutdown 1", "shutdown 2", "shutdown 0"}));
  EXPECT_EQ(log.count(LogLevel::log, "SHUTDOWN command issued"), 1U);
  EXPECT_EQ(log.count(LogLevel::log, "SHUTDOWN WAIT_FOR_SERVERS command issued"), 1U);
  EXPECT_EQ(log.count(LogLevel::log, "SHUTDOWN WAIT_FOR_CLIENTS command issued"), 1U);
}

TEST_F(ConsoleTest, WhatThisVersionCannotDoSaysSo) {
  EXPECT_EQ(run("SHOW FDS"), "ERROR SHOW FDS is not supported by this version of uvbouncer");
  EXPECT_EQ(run("SUSPEND"), "ERROR SUSPEND is not supported by this version of uvbouncer");
  host.entries[0].paused = true;
  EXPECT_EQ(run("SUSPEND"), "ERROR cannot suspend with paused databases");
}

// --- drivers ----------------------------------------------------------------------------------------------------------

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
  };
  for (const auto& [text, tag] : expected) EXPECT_EQ(run_as_stats(text), tag) << text;
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleTest, CourtesiesHideNoOtherCommand) {
  for (const char* text : {"BEGIN; RELOAD", "SELECT 1; RELOAD", "beginner", "SELECT 1, 2", "discard all tables"}) {
    EXPECT_EQ(run(text), "ERROR invalid command '" + std::string(text) + "', use SHOW HELP;");
  }
  for (const Courtesy& courtesy : courtesies()) EXPECT_FALSE(courtesy.who.empty());
}

// --- tables -----------------------------------------------------------------------------------------------------------

TEST(CommandTable, ColumnsAreKnownWithoutRunning) {
  EXPECT_EQ(describe_command("show version").size(), 1U);
  EXPECT_EQ(describe_command("SELECT stats_totals;").size(), 12U);
  EXPECT_EQ(describe_command("SHOW timezone").size(), 1U);
  EXPECT_EQ(describe_command("SELECT 1").size(), 1U);
  for (const char* text : {"SHOW HELP", "PAUSE", "BEGIN", "nonsense", "SHOW foo", "SET x = 1", "", "SHOW"}) {
    EXPECT_TRUE(describe_command(text).empty()) << text;
  }
}

TEST(CommandTable, HelpIsThatOfRelease125) {
  EXPECT_EQ(help_text(),
            "\n\tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION"
            "\n\tSHOW PEERS|PEER_POOLS"
            "\n\tSHOW FDS|SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE"
            "\n\tSHOW DNS_HOSTS|DNS_ZONES"
            "\n\tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS"
            "\n\tSET key = arg"
            "\n\tRELOAD"
            "\n\tPAUSE [<db>]"
            "\n\tRESUME [<db>]"
            "\n\tDISABLE <db>"
            "\n\tENABLE <db>"
            "\n\tRECONNECT [<db>]"
            "\n\tKILL [<db>]"
            "\n\tKILL_CLIENT <client_id>"
            "\n\tSUSPEND"
            "\n\tSHUTDOWN"
            "\n\tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS"
            "\n\tWAIT_CLOSE [<db>]");
}

TEST_F(ConsoleTest, HelpIsANotice) {
  const ConsoleReply reply = show("HELP");
  ASSERT_EQ(reply.notices.size(), 1U);
  EXPECT_EQ(reply.notices[0].message, "Console usage");
  EXPECT_EQ(reply.notices[0].detail, help_text());
  EXPECT_TRUE(reply.columns.empty());
  EXPECT_EQ(reply.tag, "SHOW");
}

TEST(ConsoleAccess, RolesFollowTheLists) {
  EXPECT_EQ(console_role("a", "a, b", "a"), ConsoleRole::admin);
  EXPECT_EQ(console_role("b", "a,b", ""), ConsoleRole::admin);
  EXPECT_EQ(console_role("c", "a b", "x c"), ConsoleRole::stats);
  EXPECT_EQ(console_role("A", "a", "a"), ConsoleRole::none);
  EXPECT_EQ(console_role("", "a", "b"), ConsoleRole::none);
}

}  // namespace
}  // namespace uvb
