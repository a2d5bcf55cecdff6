#include <gtest/gtest.h>

#include <string>

#include "admin/console.h"
#include "console_kit.h"

namespace uvb {
namespace {

/// RELOAD, SET, KILL_CLIENT, SHUTDOWN: the commands that act on the process and its clients.
class ConsoleProcessTest : public ::testing::Test, protected ConsoleKit {};

TEST_F(ConsoleProcessTest, Reload) {
  EXPECT_EQ(run("RELOAD"), "RELOAD");
  EXPECT_TRUE(log.contains(LogLevel::log, "RELOAD command issued"));
}

TEST_F(ConsoleProcessTest, S161_AFailedReloadNamesTheMistake) {
  host.reload_fails = true;
  const ConsoleStep result = step("RELOAD");
  ASSERT_TRUE(result.reply && result.reply->error);
  EXPECT_EQ(brief(*result.reply), "ERROR F0000 RELOAD failed, see logs for additional details");
  EXPECT_EQ(result.reply->error->detail, "pgbouncer.ini:7: what is this");
}

TEST_F(ConsoleProcessTest, SetEchoesUnquotedInput) {
  EXPECT_EQ(run("SET server_check_query = 'select ''x'''"), "SET server_check_query=select 'x'");
  EXPECT_EQ(host.done, Lines{"set server_check_query=select 'x'"});
}

TEST_F(ConsoleProcessTest, SetFailures) {
  host.set_result = SetResult::failed;
  EXPECT_EQ(run("SET nokey = 1"), "ERROR SET failed");
  EXPECT_EQ(run("SET \"\" = 1"), "ERROR bad arguments");
  EXPECT_EQ(run("SET x = 1.5"), "ERROR invalid command 'SET x = 1.5', use SHOW HELP;");
}

TEST_F(ConsoleProcessTest, SetWhoseTlsIsRefusedSucceedsWithANotice) {
  host.set_result = SetResult::tls_refused;
  const ConsoleStep result = step("SET client_tls_ciphers = bad");
  ASSERT_TRUE(result.reply.has_value());
  EXPECT_EQ(result.reply->tag, "SET client_tls_ciphers=bad");
  ASSERT_EQ(result.reply->notices.size(), 1U);
  EXPECT_EQ(result.reply->notices[0].message, "TLS settings could not be applied, still using old configuration");
}

TEST_F(ConsoleProcessTest, SetOfFakeParametersIsIgnoredForEverybody) {
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

TEST_F(ConsoleProcessTest, KillClientChecksItsId) {
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

TEST_F(ConsoleProcessTest, KillClientOfOneselfEndsJustTheSession) {
  EXPECT_EQ(run("KILL_CLIENT 77"), "FATAL admin forced disconnect");
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleProcessTest, KillClientGathersBeforeItActs) {
  const ConsoleStep first = console.run({kSession, ConsoleRole::admin, "KILL_CLIENT 12"}, now, wall);
  EXPECT_FALSE(first.reply.has_value());
  EXPECT_EQ(first.gather, Gather::sockets);
}

TEST_F(ConsoleProcessTest, Shutdown) {
  EXPECT_EQ(run("SHUTDOWN wait_for_servers"), "SHUTDOWN");
  EXPECT_EQ(run("SHUTDOWN \"WAIT_FOR_CLIENTS\""), "SHUTDOWN");
  EXPECT_EQ(run("SHUTDOWN"), "close") << "no answer but the end of the connection";
  EXPECT_EQ(host.done, (Lines{"shutdown 1", "shutdown 2", "shutdown 0"}));
  EXPECT_EQ(log.count(LogLevel::log, "SHUTDOWN command issued"), 1U);
  EXPECT_EQ(log.count(LogLevel::log, "SHUTDOWN WAIT_FOR_SERVERS command issued"), 1U);
  EXPECT_EQ(log.count(LogLevel::log, "SHUTDOWN WAIT_FOR_CLIENTS command issued"), 1U);
}

TEST_F(ConsoleProcessTest, WhatThisVersionCannotDoSaysSo) {
  EXPECT_EQ(run("SHOW FDS"), "ERROR SHOW FDS is not supported by this version of uvbouncer");
  EXPECT_EQ(run("SUSPEND"), "ERROR SUSPEND is not supported by this version of uvbouncer");
  host.entries[0].paused = true;
  EXPECT_EQ(run("SUSPEND"), "ERROR cannot suspend with paused databases");
}

}  // namespace
}  // namespace uvb
