#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "admin/console_session.h"
#include "console_session_fixture.h"

namespace uvb {
namespace {

using namespace std::string_literals;

/// Parse, Bind, Describe, Execute, Close and Sync, as drivers send them.
class ConsoleExtendedTest : public ConsoleSessionTest {};

TEST_F(ConsoleExtendedTest, LikePgjdbc) {
  Buffer in;
  parse(in, "", "SET extra_float_digits = 3");
  bind(in, "", "");
  execute(in, "", 1);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 N(NOTICE 00000 SET ignored) C(SET) ZI");
  in.clear();
  parse(in, "", "BEGIN");
  bind(in, "", "");
  execute(in);
  parse(in, "", "SHOW VERSION");
  bind(in, "", "");
  describe(in, 'P', "");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 C(BEGIN) 1 2 T1 "s + kVersionRow + " C(SHOW) ZI");
}

TEST_F(ConsoleExtendedTest, LikePgx) {
  Buffer in;
  parse(in, "stmtcache_1", "SHOW LISTS");
  describe(in, 'S', "stmtcache_1");
  sync(in);
  EXPECT_EQ(exchange(in), "1 t0 T2 ZI");
  in.clear();
  bind(in, "", "stmtcache_1", "\0\2\0\0\0\1"s);
  describe(in, 'P', "");
  execute(in);
  sync(in);
  const std::string rows = exchange(in);
  EXPECT_TRUE(rows.starts_with("2 T2 D(databases|\0\0\0\3) D(users|\0\0\0\1) D("s)) << rows;
  EXPECT_TRUE(rows.ends_with("C(SHOW) ZI")) << rows;
}

TEST_F(ConsoleExtendedTest, LikePsycopg3) {
  Buffer in;
  query(in, "BEGIN");
  EXPECT_EQ(exchange(in), "C(BEGIN) ZI");
  in.clear();
  parse(in, "", "SHOW timezone");
  bind(in, "", "", "\0\1\0\0"s);
  describe(in, 'P', "");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 T1 D(GMT) C(SHOW) ZI");
  in.clear();
  query(in, "ROLLBACK");
  EXPECT_EQ(exchange(in), "C(ROLLBACK) ZI");
}

TEST_F(ConsoleExtendedTest, LikeAsyncpgWithFlush) {
  Buffer in;
  parse(in, "__asyncpg_stmt_1__", "SHOW VERSION");
  describe(in, 'S', "__asyncpg_stmt_1__");
  append_flush(in);
  EXPECT_EQ(exchange(in), "1 t0 T1");
  in.clear();
  bind(in, "", "__asyncpg_stmt_1__", "\0\1\0\1"s);
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "2 "s + kVersionRow + " C(SHOW) ZI");
}

TEST_F(ConsoleExtendedTest, ActingCommandsHaveNoData) {
  Buffer in;
  parse(in, "", "PAUSE");
  describe(in, 'S', "");
  bind(in, "", "");
  describe(in, 'P', "");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 t0 n 2 n C(PAUSE) ZI");
}

TEST_F(ConsoleExtendedTest, EmptyStatementsAreAnsweredSo) {
  Buffer in;
  parse(in, "", ";");
  bind(in, "", "");
  describe(in, 'P', "");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 n I ZI");
}

TEST_F(ConsoleExtendedTest, AnErrorSkipsToSync) {
  Buffer in;
  parse(in, "", "nonsense");
  bind(in, "", "");
  execute(in);
  parse(in, "x", "SHOW VERSION");
  query(in, "SHOW VERSION");
  sync(in);
  bind(in, "", "x");
  sync(in);
  EXPECT_EQ(exchange(in),
            "1 2 E(ERROR 08P01 invalid command 'nonsense', use SHOW HELP;) ZI "
            "E(ERROR 26000 prepared statement \"x\" does not exist) ZI");
}

TEST_F(ConsoleExtendedTest, UnknownNamesAreErrors) {
  Buffer in;
  describe(in, 'S', "s");
  sync(in);
  describe(in, 'P', "p");
  sync(in);
  execute(in, "p");
  sync(in);
  EXPECT_EQ(exchange(in),
            "E(ERROR 26000 prepared statement \"s\" does not exist) ZI "
            "E(ERROR 34000 portal \"p\" does not exist) ZI "
            "E(ERROR 34000 portal \"p\" does not exist) ZI");
}

TEST_F(ConsoleExtendedTest, PortalsEndWithSync) {
  Buffer in;
  parse(in, "", "SHOW VERSION");
  bind(in, "p", "");
  sync(in);
  execute(in, "p");
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 ZI E(ERROR 34000 portal \"p\" does not exist) ZI");
}

TEST_F(ConsoleExtendedTest, RowLimitsSuspendThePortal) {
  Buffer in;
  parse(in, "", "SHOW STATE");
  bind(in, "p", "");
  execute(in, "p", 2);
  execute(in, "p", 2);
  execute(in, "p", 2);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 D(active|yes) D(paused|no) s D(suspended|no) C(SHOW) C(SHOW) ZI");
}

TEST_F(ConsoleExtendedTest, CloseForgetsNamesAndAlwaysSucceeds) {
  Buffer in;
  parse(in, "s", "SHOW VERSION");
  bind(in, "p", "s");
  message(in, 'C', "Ps\0"s);
  message(in, 'C', "Pp\0"s);
  message(in, 'C', "Ss\0"s);
  message(in, 'C', "Ss\0"s);
  execute(in, "p");
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 3 3 3 3 E(ERROR 34000 portal \"p\" does not exist) ZI");
}

TEST_F(ConsoleExtendedTest, ANameInUseIsReplaced) {
  Buffer in;
  parse(in, "s", "PAUSE");
  parse(in, "s", "SHOW timezone");
  bind(in, "", "s");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 1 2 D(GMT) C(SHOW) ZI");
}

TEST_F(ConsoleExtendedTest, ASimpleQueryDropsTheUnnamedStatement) {
  Buffer in;
  parse(in, "", "SHOW VERSION");
  query(in, ";");
  bind(in, "", "");
  sync(in);
  EXPECT_EQ(exchange(in), "1 I ZI E(ERROR 26000 prepared statement \"\" does not exist) ZI");
}

TEST_F(ConsoleExtendedTest, ParametersAndStrangeFormatsAreRefused) {
  Buffer in;
  parse(in, "", "SHOW VERSION");
  message(in, 'B', "\0\0"s + "\0\1\0\1"s + "\0\1\0\0\0\4abcd"s + "\0\0"s);
  sync(in);
  bind(in, "", "", "\0\1\0\2"s);
  sync(in);
  EXPECT_EQ(exchange(in),
            "1 E(ERROR 08P01 bind message supplies 1 parameters, but console commands take none) ZI "
            "E(ERROR 22023 unsupported format code) ZI");
}

TEST_F(ConsoleExtendedTest, ABlockedExecuteIsAnsweredLater) {
  host.busy = true;
  Buffer in;
  parse(in, "", "PAUSE");
  bind(in, "", "");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2");
  for (ConsoleAnswer& answer : console.cancel(kSession)) session.answer(std::move(answer.reply));
  EXPECT_EQ(replies(), "E(ERROR 57014 canceling statement due to user request) ZI");
}

TEST_F(ConsoleExtendedTest, TruncatedMessagesAreFatalAtEveryByte) {
  const std::pair<char, std::string> whole[] = {{'P', "s\0SHOW VERSION\0\0\0"s},
                                                {'B', "p\0s\0\0\1\0\1\0\1\0\0\0\1x\0\1\0\1"s},
                                                {'D', "Sname\0"s},
                                                {'C', "Pname\0"s},
                                                {'E', "p\0\0\0\0\1"s}};
  for (const auto& [type, body] : whole) {
    for (std::size_t size = 0; size < body.size(); ++size) {
      ConsoleSession cut;
      cut.receive(type, as_bytes(body).first(size));
      ASSERT_TRUE(cut.ended().has_value()) << type << size;
      EXPECT_TRUE(cut.ended()->starts_with("broken ")) << *cut.ended();
    }
    ConsoleSession good;
    good.receive(type, as_bytes(body));
    EXPECT_FALSE(good.ended().has_value()) << type;
  }
}

TEST_F(ConsoleExtendedTest, NamesAreBounded) {
  Buffer in;
  for (int i = 0; i < 1001; ++i) parse(in, "s" + std::to_string(i), "SHOW VERSION");
  EXPECT_TRUE(exchange(in).ends_with("1 E(ERROR 53400 too many prepared statements)"));
}

}  // namespace
}  // namespace uvb
