#include "admin/console_session.h"

#include <gtest/gtest.h>

#include <string>

#include "console_session_fixture.h"

namespace uvb {
namespace {

using namespace std::string_literals;

// --- exact bytes ---

TEST_F(ConsoleSessionTest, ShowVersionInBytes) {
  Buffer in;
  query(in, "SHOW VERSION");
  feed(session, in);
  serve();
  EXPECT_EQ(as_text(session.output().view()),
            "T\0\0\0\x20\0\x01version\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"s
            "D\0\0\0\x2c\0\x01\0\0\0\x22PgBouncer 1.25.2 (uvbouncer 0.1.0)"s
            "C\0\0\0\x09SHOW\0Z\0\0\0\x05I"s);
}

TEST_F(ConsoleSessionTest, ErrorsInBytesHaveThreeFields) {
  Buffer in;
  query(in, "show foo");
  feed(session, in);
  serve();
  EXPECT_EQ(as_text(session.output().view()),
            "E\0\0\0\x3fSERROR\0C08P01\0Minvalid command 'show foo', use SHOW HELP;\0\0Z\0\0\0\x05I"s);
  EXPECT_EQ(session.take_errors(), Lines{"invalid command 'show foo', use SHOW HELP;"});
  EXPECT_TRUE(session.take_errors().empty());
}

TEST_F(ConsoleSessionTest, HelpIsANoticeWithDetail) {
  Buffer in;
  query(in, "SHOW HELP");
  feed(session, in);
  serve();
  const std::string_view bytes = as_text(session.output().view());
  EXPECT_TRUE(bytes.substr(5).starts_with("SNOTICE\0C00000\0MConsole usage\0D\n\tSHOW HELP|CONFIG"s));
  EXPECT_TRUE(bytes.ends_with("\tWAIT_CLOSE [<db>]\0\0C\0\0\0\x09SHOW\0Z\0\0\0\x05I"s));
}

TEST_F(ConsoleSessionTest, AFailedReloadHasADetail) {
  host.reload_fails = true;
  Buffer in;
  query(in, "RELOAD");
  feed(session, in);
  serve();
  EXPECT_EQ(as_text(session.output().view()).substr(5),
            "SERROR\0CF0000\0MRELOAD failed, see logs for additional details\0Dpgbouncer.ini:7: what is this\0\0"
            "Z\0\0\0\x05I"s);
}

// --- simple protocol ---

TEST_F(ConsoleSessionTest, SimpleQueriesInOneGoAreAnsweredInOrder) {
  Buffer in;
  query(in, "SHOW VERSION");
  query(in, "BEGIN");
  query(in, "nonsense");
  EXPECT_EQ(exchange(in), "T1 "s + kVersionRow +
                              " C(SHOW) ZI C(BEGIN) ZI "
                              "E(ERROR 08P01 invalid command 'nonsense', use SHOW HELP;) ZI");
}

TEST_F(ConsoleSessionTest, QueriesWaitForTheOneUnderWay) {
  hold = true;
  Buffer in;
  query(in, "SHOW CLIENTS");
  query(in, ";");
  query(in, "SHOW STATE");
  EXPECT_EQ(exchange(in), "");
  EXPECT_TRUE(session.busy());
  EXPECT_EQ(session.take_command(), "SHOW CLIENTS");
  EXPECT_EQ(session.take_command(), std::nullopt) << "handed out once";
  session.answer(tag_reply("ONE"));
  EXPECT_EQ(replies(), "C(ONE) ZI I ZI");
  EXPECT_EQ(session.take_command(), "SHOW STATE");
  session.answer(tag_reply("TWO"));
  EXPECT_EQ(replies(), "C(TWO) ZI");
  EXPECT_FALSE(session.busy());
}

TEST_F(ConsoleSessionTest, PingsOfDriversAreEmptyQueries) {
  Buffer in;
  for (const char* text : {"", ";", "-- ping"}) query(in, text);
  EXPECT_EQ(exchange(in), "I ZI I ZI I ZI");
}

TEST_F(ConsoleSessionTest, TextEndsAtAZeroByte) {
  Buffer in;
  message(in, 'Q', "SHOW VERSION\0garbage\0"s);
  EXPECT_EQ(exchange(in), "T1 "s + kVersionRow + " C(SHOW) ZI");
}

TEST_F(ConsoleSessionTest, AQueryWithoutAnEndIsFatal) {
  Buffer in;
  message(in, 'Q', "SHOW VERSION");
  EXPECT_EQ(exchange(in), "E(FATAL 08P01 incomplete query)");
  EXPECT_EQ(session.ended(), "incomplete query");
}

TEST_F(ConsoleSessionTest, S138_DisablePqexecLeavesTheExtendedProtocol) {
  session = ConsoleSession(false);
  Buffer in;
  parse(in, "", "SHOW VERSION");
  bind(in, "", "");
  execute(in);
  sync(in);
  query(in, "SHOW VERSION");
  EXPECT_EQ(exchange(in), "1 2 "s + kVersionRow + " C(SHOW) ZI E(FATAL 08P01 PQexec disallowed)");
}

TEST_F(ConsoleSessionTest, TerminateEndsTheSessionSilently) {
  Buffer in;
  message(in, 'X', "");
  query(in, "SHOW VERSION");
  EXPECT_EQ(exchange(in), "");
  EXPECT_EQ(session.ended(), "client close request");
  EXPECT_FALSE(session.failed());
}

TEST_F(ConsoleSessionTest, UnknownMessagesAreFatal) {
  for (const char type : {'p', 'x', '\0', 'Z'}) {
    session = ConsoleSession();
    Buffer in;
    message(in, type, "");
    EXPECT_EQ(exchange(in), "E(FATAL 08P01 unknown pkt)");
    EXPECT_EQ(session.take_unknown_type(), type);
    EXPECT_TRUE(session.failed());
    EXPECT_TRUE(session.take_errors().empty());
  }
}

TEST_F(ConsoleSessionTest, CopyDataIsSwallowedAndFunctionCallsRefused) {
  Buffer in;
  message(in, 'd', "data");
  message(in, 'c', "");
  message(in, 'f', "no\0"s);
  message(in, 'F', "xyz");
  EXPECT_EQ(exchange(in), "E(ERROR 08P01 unsupported packet type for admin console: 70) ZI");
  EXPECT_FALSE(session.ended().has_value());
}

TEST_F(ConsoleSessionTest, ShutdownEndsWithoutAnAnswer) {
  Buffer in;
  query(in, "SHUTDOWN");
  EXPECT_EQ(exchange(in), "");
  EXPECT_TRUE(session.ended().has_value());
}

TEST_F(ConsoleSessionTest, KillingOneselfIsFatalForThisSessionOnly) {
  Buffer in;
  query(in, "KILL_CLIENT 77");
  query(in, "SHOW VERSION");
  EXPECT_EQ(exchange(in), "E(FATAL 08P01 admin forced disconnect)");
  EXPECT_EQ(session.ended(), "admin forced disconnect");
  EXPECT_EQ(host.done, Lines{});
}

TEST_F(ConsoleSessionTest, ABlockedPauseHoldsWhatComesBehindIt) {
  host.busy = true;
  Buffer in;
  query(in, "PAUSE");
  query(in, "SHOW VERSION");
  EXPECT_EQ(exchange(in), "");
  host.busy = false;
  for (ConsoleAnswer& answer : console.poll()) session.answer(std::move(answer.reply));
  serve();
  EXPECT_EQ(replies(), "C(PAUSE) ZI T1 "s + kVersionRow + " C(SHOW) ZI");
}

}  // namespace
}  // namespace uvb
