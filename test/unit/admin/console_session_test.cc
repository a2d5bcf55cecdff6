#include "admin/console_session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "admin/binary_format.h"
#include "admin/console_welcome.h"
#include "console_kit.h"
#include "protocol/frame.h"
#include "protocol/messages.h"
#include "protocol/write.h"

namespace uvb {
namespace {

using namespace std::string_literals;

/// A session in front of a console, as worker and control thread put them together; `hold` keeps commands back.
class ConsoleSessionTest : public ::testing::Test, protected ConsoleKit {
 protected:
  ConsoleSession session;
  bool hold = false;

  /// Sends messages and answers the commands they lead to; returns what came back, taken apart.
  std::string exchange(const Buffer& messages) {
    feed(session, messages);
    while (!hold && serve()) {
    }
    return replies();
  }

  static void feed(ConsoleSession& to, const Buffer& messages) {
    for (ByteView bytes = messages.view(); !bytes.empty();) {
      MessageHead head;
      ASSERT_EQ(read_head(bytes, 1 << 30, head), HeadStatus::ok);
      to.receive(head.type, bytes.subspan(kHeadSize, head.body_size()));
      bytes = bytes.subspan(head.size);
    }
  }

  bool serve() {
    const auto command = session.take_command();
    if (!command) return false;
    ConsoleStep result = step(*command);
    if (result.reply) session.answer(std::move(*result.reply));
    return result.reply.has_value();
  }

  /// Output so far as text: one letter per message, with what matters in parentheses.
  std::string replies() {
    std::string text;
    Buffer& out = session.output();
    while (!out.empty()) {
      MessageHead head;
      if (read_head(out.view(), 1 << 30, head) != HeadStatus::ok) return text + "?";
      text += (text.empty() ? "" : " ") + shown(head.type, out.view().subspan(kHeadSize, head.body_size()));
      out.consume(head.size);
    }
    return text;
  }

  static std::string shown(char type, ByteView body) {
    std::string text(1, type);
    if (type == 'Z') text += static_cast<char>(body[0]);
    if (type == 'C') text += "(" + std::string(*read_command_tag(body)) + ")";
    if (type == 'E' || type == 'N') {
      const auto fields = ErrorFields::read(body);
      text += "(" + std::string(fields->severity()) + " " + std::string(fields->code()) + " " +
              std::string(fields->message()) + ")";
    }
    if (type == 'T' || type == 't') text += std::to_string(load_u16(body.data()));
    if (type == 'D') text += "(" + row_text(body) + ")";
    return text;
  }

  static std::string row_text(ByteView body) {
    std::string text;
    const auto values = read_data_row(body);
    for (const auto& value : *values) text += (text.empty() ? "" : "|") + std::string(value.value_or("~"));
    return text;
  }

  // Messages of clients.
  static void query(Buffer& out, std::string_view text) { append_query(out, text); }
  static void parse(Buffer& out, std::string_view name, std::string_view text) { append_parse(out, name, text, no_types()); }
  static ByteView no_types() {
    static constexpr std::uint8_t zero[2] = {0, 0};
    return zero;
  }
  static void message(Buffer& out, char type, const std::string& body) {
    out.append_byte(static_cast<std::uint8_t>(type));
    out.append_u32(static_cast<std::uint32_t>(body.size() + 4));
    out.append(body);
  }
  static void bind(Buffer& out, const std::string& portal, const std::string& name, const std::string& formats = "\0\0"s) {
    message(out, 'B', portal + "\0"s + name + "\0\0\0\0\0"s + formats);
  }
  static void describe(Buffer& out, char kind, const std::string& name) { message(out, 'D', kind + name + "\0"s); }
  static void execute(Buffer& out, const std::string& portal = "", unsigned limit = 0) {
    message(out, 'E', portal + "\0\0\0\0"s + static_cast<char>(limit));
  }
  static void sync(Buffer& out) { append_sync(out); }
};

constexpr const char* kVersionRow = "D(PgBouncer 1.25.2 (uvbouncer 0.1.0))";

// --- exact bytes --------------------------------------------------------------------------------------------------------

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

TEST(ConsoleWelcome, InBytes) {
  const std::pair<std::string, std::string> parameters[] = {{"client_encoding", "latin1"}, {"application_name", "psql"}};
  const std::uint8_t key[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  Buffer out;
  append_console_welcome(out, {parameters, key, "hello"});
  EXPECT_EQ(as_text(out.view()),
            "R\0\0\0\x08\0\0\0\0"
            "S\0\0\0\x22server_version\0" "1.25.2/bouncer\0"
            "S\0\0\0\x19" "client_encoding\0UTF8\0"
            "S\0\0\0\x19" "server_encoding\0UTF8\0"
            "S\0\0\0\x12" "DateStyle\0ISO\0"
            "S\0\0\0\x11TimeZone\0GMT\0"
            "S\0\0\0\x23standard_conforming_strings\0on\0"
            "S\0\0\0\x14is_superuser\0on\0"
            "S\0\0\0\x1b" "client_encoding\0latin1\0"
            "S\0\0\0\x1a" "application_name\0psql\0"
            "K\0\0\0\x0c\1\2\3\4\5\6\7\x08"
            "N\0\0\0\x1bSNOTICE\0C00000\0Mhello\0\0"
            "Z\0\0\0\x05I"s);
}

TEST(ConsoleWelcome, WithoutANoticeSendsNone) {
  const std::uint8_t key[8] = {};
  Buffer out;
  append_console_welcome(out, {{}, key, {}});
  EXPECT_TRUE(as_text(out.view()).ends_with("K\0\0\0\x0c\0\0\0\0\0\0\0\0Z\0\0\0\x05I"s));
}

// --- simple protocol ----------------------------------------------------------------------------------------------------

TEST_F(ConsoleSessionTest, SimpleQueriesInOneGoAreAnsweredInOrder) {
  Buffer in;
  query(in, "SHOW VERSION");
  query(in, "BEGIN");
  query(in, "nonsense");
  EXPECT_EQ(exchange(in), "T1 "s + kVersionRow + " C(SHOW) ZI C(BEGIN) ZI "
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
}

TEST_F(ConsoleSessionTest, UnknownMessagesAreFatal) {
  for (const char type : {'p', 'x', '\0', 'Z'}) {
    session = ConsoleSession();
    Buffer in;
    message(in, type, "");
    EXPECT_EQ(exchange(in), "E(FATAL 08P01 unknown pkt)");
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

// --- extended protocol --------------------------------------------------------------------------------------------------

TEST_F(ConsoleSessionTest, LikePgjdbc) {
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

TEST_F(ConsoleSessionTest, LikePgx) {
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

TEST_F(ConsoleSessionTest, LikePsycopg3) {
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

TEST_F(ConsoleSessionTest, LikeAsyncpgWithFlush) {
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

TEST_F(ConsoleSessionTest, ActingCommandsHaveNoData) {
  Buffer in;
  parse(in, "", "PAUSE");
  describe(in, 'S', "");
  bind(in, "", "");
  describe(in, 'P', "");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 t0 n 2 n C(PAUSE) ZI");
}

TEST_F(ConsoleSessionTest, EmptyStatementsAreAnsweredSo) {
  Buffer in;
  parse(in, "", ";");
  bind(in, "", "");
  describe(in, 'P', "");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 n I ZI");
}

TEST_F(ConsoleSessionTest, AnErrorSkipsToSync) {
  Buffer in;
  parse(in, "", "nonsense");
  bind(in, "", "");
  execute(in);
  parse(in, "x", "SHOW VERSION");
  query(in, "SHOW VERSION");
  sync(in);
  bind(in, "", "x");
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 E(ERROR 08P01 invalid command 'nonsense', use SHOW HELP;) ZI "
                          "E(ERROR 26000 prepared statement \"x\" does not exist) ZI");
}

TEST_F(ConsoleSessionTest, UnknownNamesAreErrors) {
  Buffer in;
  describe(in, 'S', "s");
  sync(in);
  describe(in, 'P', "p");
  sync(in);
  execute(in, "p");
  sync(in);
  EXPECT_EQ(exchange(in), "E(ERROR 26000 prepared statement \"s\" does not exist) ZI "
                          "E(ERROR 34000 portal \"p\" does not exist) ZI "
                          "E(ERROR 34000 portal \"p\" does not exist) ZI");
}

TEST_F(ConsoleSessionTest, PortalsEndWithSync) {
  Buffer in;
  parse(in, "", "SHOW VERSION");
  bind(in, "p", "");
  sync(in);
  execute(in, "p");
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 ZI E(ERROR 34000 portal \"p\" does not exist) ZI");
}

TEST_F(ConsoleSessionTest, RowLimitsSuspendThePortal) {
  Buffer in;
  parse(in, "", "SHOW STATE");
  bind(in, "p", "");
  execute(in, "p", 2);
  execute(in, "p", 2);
  execute(in, "p", 2);
  sync(in);
  EXPECT_EQ(exchange(in), "1 2 D(active|yes) D(paused|no) s D(suspended|no) C(SHOW) C(SHOW) ZI");
}

TEST_F(ConsoleSessionTest, CloseForgetsNamesAndAlwaysSucceeds) {
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

TEST_F(ConsoleSessionTest, ANameInUseIsReplaced) {
  Buffer in;
  parse(in, "s", "PAUSE");
  parse(in, "s", "SHOW timezone");
  bind(in, "", "s");
  execute(in);
  sync(in);
  EXPECT_EQ(exchange(in), "1 1 2 D(GMT) C(SHOW) ZI");
}

TEST_F(ConsoleSessionTest, ASimpleQueryDropsTheUnnamedStatement) {
  Buffer in;
  parse(in, "", "SHOW VERSION");
  query(in, ";");
  bind(in, "", "");
  sync(in);
  EXPECT_EQ(exchange(in), "1 I ZI E(ERROR 26000 prepared statement \"\" does not exist) ZI");
}

TEST_F(ConsoleSessionTest, ParametersAndStrangeFormatsAreRefused) {
  Buffer in;
  parse(in, "", "SHOW VERSION");
  message(in, 'B', "\0\0"s + "\0\1\0\1"s + "\0\1\0\0\0\4abcd"s + "\0\0"s);
  sync(in);
  bind(in, "", "", "\0\1\0\2"s);
  sync(in);
  EXPECT_EQ(exchange(in), "1 E(ERROR 08P01 bind message supplies 1 parameters, but console commands take none) ZI "
                          "E(ERROR 22023 unsupported format code) ZI");
}

TEST_F(ConsoleSessionTest, ABlockedExecuteIsAnsweredLater) {
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

TEST_F(ConsoleSessionTest, TruncatedMessagesAreFatalAtEveryByte) {
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

TEST_F(ConsoleSessionTest, NamesAreBounded) {
  Buffer in;
  for (int i = 0; i < 1001; ++i) parse(in, "s" + std::to_string(i), "SHOW VERSION");
  EXPECT_TRUE(exchange(in).ends_with("1 E(ERROR 53400 too many prepared statements)"));
}

// --- binary results -----------------------------------------------------------------------------------------------------

TEST(BinaryFormat, EncodesEveryTypeOfTheConsole) {
  EXPECT_EQ(binary_value(ColumnType::text, "a\xc3\xa4"), "a\xc3\xa4");
  EXPECT_EQ(binary_value(ColumnType::int4, "258"), "\0\0\1\2"s);
  EXPECT_EQ(binary_value(ColumnType::int4, "-2"), "\xff\xff\xff\xfe"s);
  EXPECT_EQ(binary_value(ColumnType::int8, "18446744073709551615"), std::string(8, '\xff'));
  EXPECT_EQ(binary_value(ColumnType::bytea, "\\x00ff10"), "\0\xff\x10"s);
}

TEST(BinaryFormat, NumericIsInBase10000) {
  EXPECT_EQ(binary_value(ColumnType::numeric, "0"), "\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(binary_value(ColumnType::numeric, "7"), "\0\1\0\0\0\0\0\0\0\7"s);
  EXPECT_EQ(binary_value(ColumnType::numeric, "20003"), "\0\2\0\1\0\0\0\0\0\2\0\3"s);
}

TEST(BinaryFormat, NumericMatchesDecimalText) {
  // 18446744073709551615 is 1844 6744 0737 0955 1615 in base 10000.
  EXPECT_EQ(binary_value(ColumnType::numeric, "18446744073709551615"),
            "\0\5\0\4\0\0\0\0\x07\x34\x1a\x58\x02\xe1\x03\xbb\x06\x4f"s);
}

}  // namespace
}  // namespace uvb
