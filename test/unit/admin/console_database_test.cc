#include <gtest/gtest.h>

#include <string>

#include "admin/console.h"
#include "console_kit.h"

namespace uvb {
namespace {

/// PAUSE, RESUME, WAIT_CLOSE and the other commands that act on databases.
class ConsoleDatabaseTest : public ::testing::Test, protected ConsoleKit {};

TEST_F(ConsoleDatabaseTest, PauseOfAQuietPoolerAnswersAtOnce) {
  EXPECT_EQ(run("PAUSE"), "PAUSE");
  EXPECT_EQ(host.done, Lines{"pause "});
  EXPECT_TRUE(log.contains(LogLevel::log, "PAUSE command issued"));
  EXPECT_EQ(run("PAUSE db1"), "ERROR already suspended/paused");
}

TEST_F(ConsoleDatabaseTest, PauseOfOneDatabase) {
  EXPECT_EQ(run("PAUSE db1"), "PAUSE");
  EXPECT_EQ(run("PAUSE db1"), "PAUSE") << "repeating is fine";
  EXPECT_EQ(host.process, ProcessState::active);
  EXPECT_TRUE(log.contains(LogLevel::log, "PAUSE 'db1' command issued"));
}

TEST_F(ConsoleDatabaseTest, PauseOfNoNameIsGlobal) {
  run("PAUSE \"\"");
  EXPECT_EQ(host.process, ProcessState::paused);
}

TEST_F(ConsoleDatabaseTest, DatabaseErrorsHaveTheirTexts) {
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
  EXPECT_EQ(run("ENABLE pgbouncer"), "ERROR cannot disable admin db: pgbouncer") << "as in 1.25.2";
  EXPECT_EQ(run("RECONNECT nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("RECONNECT pgbouncer"), "ERROR cannot reconnect admin db: pgbouncer");
  EXPECT_EQ(run("KILL nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("KILL pgbouncer"), "ERROR cannot kill admin db: pgbouncer");
  EXPECT_EQ(run("WAIT_CLOSE nodb"), "ERROR no such database: nodb");
  EXPECT_EQ(run("WAIT_CLOSE pgbouncer"), "ERROR cannot wait in admin db: pgbouncer");
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleDatabaseTest, PausedStateIsCheckedBeforeTheName) {
  run("PAUSE");
  EXPECT_EQ(run("KILL nodb"), "ERROR already suspended/paused");
  EXPECT_EQ(run("KILL"), "ERROR already suspended/paused");
  EXPECT_EQ(run("SUSPEND"), "ERROR already suspended/paused");
  EXPECT_EQ(run("RECONNECT db1"), "RECONNECT") << "allowed while paused";
}

TEST_F(ConsoleDatabaseTest, AutoDatabasesAreRegisteredByAllButResumeAndEnable) {
  host.settings.autodb = "";
  EXPECT_EQ(run("RESUME new1"), "ERROR no such database: new1");
  EXPECT_EQ(run("ENABLE new2"), "ERROR no such database: new2");
  EXPECT_EQ(run("DISABLE new3"), "DISABLE");
  EXPECT_EQ(run("KILL new4"), "KILL");
  EXPECT_EQ(host.done, (Lines{"register new3", "disable new3", "register new4", "kill new4"}));
}

TEST_F(ConsoleDatabaseTest, ActionsAreCarriedOutAndLogged) {
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

TEST_F(ConsoleDatabaseTest, ResumeUndoesPause) {
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

TEST_F(ConsoleDatabaseTest, S151_PauseAnswersWhenTheLastTransactionIsOver) {
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

TEST_F(ConsoleDatabaseTest, ResumeElsewhereAnswersTheWaitingPause) {
  host.busy = true;
  run("PAUSE", ConsoleRole::admin, ConnectionId{1});
  EXPECT_EQ(run("RESUME"), "RESUME");
  const auto answers = console.poll();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].session, ConnectionId{1});
  EXPECT_EQ(brief(answers[0].reply), "ERROR 57014 PAUSE was undone before it was complete");
}

TEST_F(ConsoleDatabaseTest, WaitCloseWaitsForItsOwnDatabaseOnly) {
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

TEST_F(ConsoleDatabaseTest, WaitersAreAnsweredByTheirOwnConditionAndTag) {
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

TEST_F(ConsoleDatabaseTest, AFinishedWaitCloseLeavesNoMark) {
  host.add_pool("db1", "u");
  EXPECT_EQ(run("WAIT_CLOSE"), "WAIT_CLOSE");
  host.busy = true;
  EXPECT_EQ(run("PAUSE"), "blocked");
  EXPECT_TRUE(console.poll().empty());
}

TEST_F(ConsoleDatabaseTest, ALeavingSessionIsForgottenButThePauseStays) {
  host.busy = true;
  run("PAUSE");
  console.forget(kSession);
  EXPECT_FALSE(console.waiting());
  EXPECT_EQ(host.process, ProcessState::paused);
}

TEST_F(ConsoleDatabaseTest, CancelUndoesAGlobalPause) {
  host.busy = true;
  run("PAUSE");
  const auto answers = console.cancel(kSession);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(brief(answers[0].reply), "ERROR 57014 canceling statement due to user request");
  EXPECT_EQ(host.process, ProcessState::active);
  EXPECT_FALSE(log.contains(LogLevel::warning, "non-waiting"));
}

TEST_F(ConsoleDatabaseTest, CancelOfAnotherSessionUndoesAGlobalPauseToo) {
  host.busy = true;
  run("PAUSE", ConsoleRole::admin, ConnectionId{1});
  const auto answers = console.cancel(ConnectionId{2});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].session, ConnectionId{1});
  EXPECT_EQ(host.process, ProcessState::active);
  EXPECT_TRUE(log.contains(LogLevel::warning, "admin cancel request for non-waiting client?"));
}

TEST_F(ConsoleDatabaseTest, CancelWhileShuttingDownResumesNothing) {
  run("PAUSE");
  host.going_down = true;
  EXPECT_TRUE(console.cancel(kSession).empty());
  EXPECT_EQ(host.process, ProcessState::paused);
}

TEST_F(ConsoleDatabaseTest, CancelUndoesThePauseOfOneDatabase) {
  host.busy = true;
  run("PAUSE db1");
  ASSERT_EQ(console.cancel(kSession).size(), 1U);
  EXPECT_EQ(host.done, (Lines{"pause db1", "resume db1"}));
}

TEST_F(ConsoleDatabaseTest, CancelEndsAWaitClose) {
  host.add_pool("db1", "u").close_needed = true;
  run("WAIT_CLOSE");
  ASSERT_EQ(console.cancel(kSession).size(), 1U);
  EXPECT_FALSE(console.waiting());
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleDatabaseTest, CancelOfAnIdleActiveConsoleDoesNothing) {
  EXPECT_TRUE(console.cancel(kSession).empty());
  EXPECT_EQ(host.done, Lines{});
}

}  // namespace
}  // namespace uvb
