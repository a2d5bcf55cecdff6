#include "protocol/write.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

namespace uvb {
namespace {

using namespace std::string_view_literals;

std::string written(const std::function<void(Buffer&)>& write) {
  Buffer out;
  write(out);
  return std::string(as_text(out.view()));
}

TEST(Write, ErrorHasExactlySeverityCodeMessage) {
  EXPECT_EQ(written([](Buffer& out) { append_error(out, "ERROR", "42000", "no"); }),
            "E\0\0\0\x17SERROR\0C42000\0Mno\0\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_fatal(out, "x"); }), "E\0\0\0\x16SFATAL\0C08P01\0Mx\0\0"sv);
}

TEST(Write, NoticeHasADetailOnlyWhenThereIsOne) {
  EXPECT_EQ(written([](Buffer& out) { append_notice(out, "NOTICE", "00000", "hi"); }),
            "N\0\0\0\x18SNOTICE\0C00000\0Mhi\0\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_notice(out, "NOTICE", "00000", "hi", "d"); }),
            "N\0\0\0\x1bSNOTICE\0C00000\0Mhi\0Dd\0\0"sv);
}

TEST(Write, EmbeddedZeroByteCannotShiftTheFields) {
  EXPECT_EQ(written([](Buffer& out) { append_fatal(out, "x\0D\0"sv); }), "E\0\0\0\x16SFATAL\0C08P01\0Mx\0\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_query(out, "a\0b"sv); }), "Q\0\0\0\6a\0"sv);
}

TEST(Write, WelcomeMessages) {
  EXPECT_EQ(written([](Buffer& out) { append_parameter_status(out, "a", "b"); }),
            "S\0\0\0\x08"
            "a\0b\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_backend_key(out, as_bytes("12345678")); }),
            "K\0\0\0\x0c"
            "12345678"sv);
  EXPECT_EQ(written([](Buffer& out) { append_ready(out, TransactionStatus::idle); }), "Z\0\0\0\5I"sv);
  EXPECT_EQ(written([](Buffer& out) { append_ready(out, TransactionStatus::in_transaction); }), "Z\0\0\0\5T"sv);
  EXPECT_EQ(written([](Buffer& out) { append_ready(out, TransactionStatus::failed); }), "Z\0\0\0\5E"sv);
}

TEST(Write, AuthenticationRequests) {
  EXPECT_EQ(written(append_auth_ok), "R\0\0\0\x08\0\0\0\0"sv);
  EXPECT_EQ(written(append_auth_cleartext), "R\0\0\0\x08\0\0\0\3"sv);
  EXPECT_EQ(written([](Buffer& out) { append_auth_md5(out, as_bytes("salt")); }), "R\0\0\0\x0c\0\0\0\5salt"sv);
  EXPECT_EQ(written([](Buffer& out) {
              append_auth_sasl(out, std::array{"A"sv, "BC"sv});
            }),
            "R\0\0\0\x0e\0\0\0\x0a"
            "A\0BC\0\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_auth_sasl_continue(out, "r=x"); }), "R\0\0\0\x0b\0\0\0\x0br=x"sv);
  EXPECT_EQ(written([](Buffer& out) { append_auth_sasl_final(out, "v=x"); }), "R\0\0\0\x0b\0\0\0\x0cv=x"sv);
}

TEST(Write, RowDescriptionOfColumnsWithoutATable) {
  const std::array columns{ColumnDescription{"a"}, ColumnDescription{"n", 23, 4, 1}};
  EXPECT_EQ(written([&](Buffer& out) { append_row_description(out, columns); }),
            "T\0\0\0\x2e\0\2"
            "a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"
            "n\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\1"sv);
}

TEST(Write, DataRowTellsNullFromEmpty) {
  const std::array<std::optional<std::string_view>, 3> values{"ab"sv, std::nullopt, ""sv};
  EXPECT_EQ(written([&](Buffer& out) { append_data_row(out, values); }),
            "D\0\0\0\x14\0\3\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0"sv);
}

TEST(Write, DataRowValuesMayHoldZeroBytes) {
  const std::array<std::optional<std::string_view>, 1> values{"\0\0\0\7"sv};
  EXPECT_EQ(written([&](Buffer& out) { append_data_row(out, values); }), "D\0\0\0\x0e\0\1\0\0\0\4\0\0\0\7"sv);
}

TEST(Write, AnswersOfTheExtendedProtocol) {
  EXPECT_EQ(written([](Buffer& out) { append_command_complete(out, "SHOW"); }), "C\0\0\0\x09SHOW\0"sv);
  EXPECT_EQ(written(append_empty_query), "I\0\0\0\4"sv);
  EXPECT_EQ(written(append_parse_complete), "1\0\0\0\4"sv);
  EXPECT_EQ(written(append_bind_complete), "2\0\0\0\4"sv);
  EXPECT_EQ(written(append_close_complete), "3\0\0\0\4"sv);
  EXPECT_EQ(written(append_no_data), "n\0\0\0\4"sv);
  EXPECT_EQ(written([](Buffer& out) {
              append_parameter_description(out, std::array{25u, 23u});
            }),
            "t\0\0\0\x0e\0\2\0\0\0\x19\0\0\0\x17"sv);
}

TEST(Write, LoginAnswersToServers) {
  EXPECT_EQ(written([](Buffer& out) { append_password(out, "pw"); }), "p\0\0\0\7pw\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_sasl_initial(out, "M", "n,,"); }), "p\0\0\0\x0dM\0\0\0\0\3n,,"sv);
  EXPECT_EQ(written([](Buffer& out) { append_sasl_response(out, "c=x"); }), "p\0\0\0\7c=x"sv);
}

TEST(Write, RequestsToServers) {
  EXPECT_EQ(written([](Buffer& out) { append_parse(out, "s", "q"); }), "P\0\0\0\x0as\0q\0\0\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_parse(out, "s", "q", as_bytes("\0\1\0\0\0\x17"sv)); }),
            "P\0\0\0\x0es\0q\0\0\1\0\0\0\x17"sv);
  EXPECT_EQ(written([](Buffer& out) { append_bind_text(out, std::array{"ann"sv}); }),
            "B\0\0\0\x13\0\0\0\0\0\1\0\0\0\3ann\0\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_describe_portal(out, ""); }), "D\0\0\0\6P\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_execute(out, ""); }), "E\0\0\0\x09\0\0\0\0\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_close_statement(out, "a"); }), "C\0\0\0\7Sa\0"sv);
  EXPECT_EQ(written([](Buffer& out) { append_close_portal(out, "a"); }), "C\0\0\0\7Pa\0"sv);
  EXPECT_EQ(written(append_sync), "S\0\0\0\4"sv);
  EXPECT_EQ(written(append_flush), "H\0\0\0\4"sv);
  EXPECT_EQ(written(append_terminate), "X\0\0\0\4"sv);
}

TEST(Write, MessagesFollowEachOtherInOneBuffer) {
  EXPECT_EQ(written([](Buffer& out) {
              append_query(out, "a");
              append_sync(out);
            }),
            "Q\0\0\0\6a\0S\0\0\0\4"sv);
}

}  // namespace
}  // namespace uvb
