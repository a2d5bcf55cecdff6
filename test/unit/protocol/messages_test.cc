#include "protocol/messages.h"

#include <gtest/gtest.h>

#include <string>

namespace uvb {
namespace {

using namespace std::string_view_literals;

/// No cut of a valid body may be taken for a valid one.
template <class Read>
void expect_no_cut_valid(std::string_view body, Read read) {
  ASSERT_TRUE(read(as_bytes(body)));
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string copy(body.substr(0, size));  // of its own, so that a sanitizer sees a read past the end
    EXPECT_FALSE(read(as_bytes(copy))) << size;
  }
}

TEST(Messages, ParseKeepsTheTypesAsSent) {
  const auto parse = read_parse(as_bytes("s1\0select $1\0\0\1\0\0\0\x17"sv));
  ASSERT_TRUE(parse);
  EXPECT_EQ(parse->name, "s1");
  EXPECT_EQ(parse->query, "select $1");
  EXPECT_EQ(as_text(parse->types), "\0\1\0\0\0\x17"sv);
}

TEST(Messages, ParseWithWrongTypeCountIsRefused) {
  expect_no_cut_valid("s\0q\0\0\2\0\0\0\x17\0\0\0\x19"sv, read_parse);
  EXPECT_FALSE(read_parse(as_bytes("s\0q\0\0\0x"sv)));
  EXPECT_FALSE(read_parse(as_bytes("s\0q\0\xff\xff\0\0\0\0"sv)));
}

TEST(Messages, BindPrefixIsReadAsSoonAsTheNamesAreThere) {
  const auto body = "port\0stmt\0\0\0\0\0\0\0"sv;
  BindPrefix prefix;
  for (std::size_t size = 0; size < 10; ++size) {
    const std::string copy(body.substr(0, size));
    EXPECT_EQ(read_bind_prefix(as_bytes(copy), body.size(), prefix), PrefixStatus::incomplete) << size;
  }
  for (std::size_t size = 10; size <= body.size(); ++size) {
    ASSERT_EQ(read_bind_prefix(as_bytes(body.substr(0, size)), body.size(), prefix), PrefixStatus::ok) << size;
    EXPECT_EQ(prefix.portal, "port");
    EXPECT_EQ(prefix.statement, "stmt");
    EXPECT_EQ(prefix.rest, 10u);
  }
}

TEST(Messages, BindThatEndsInsideANameIsBad) {
  BindPrefix prefix;
  EXPECT_EQ(read_bind_prefix(as_bytes("port\0stmt"sv), 9, prefix), PrefixStatus::bad);
  EXPECT_EQ(read_bind_prefix(as_bytes("port"sv), 4, prefix), PrefixStatus::bad);
  EXPECT_EQ(read_bind_prefix({}, 0, prefix), PrefixStatus::bad);
}

TEST(Messages, BindPrefixDoesNotLookIntoTheNextMessage) {
  BindPrefix prefix;
  EXPECT_EQ(read_bind_prefix(as_bytes("port\0st\0"sv), 7, prefix), PrefixStatus::bad);
}

TEST(Messages, DescribeAndCloseNameAStatementOrAPortal) {
  expect_no_cut_valid("Sabc\0"sv, read_describe);
  expect_no_cut_valid("P\0"sv, read_close);
  EXPECT_EQ(read_describe(as_bytes("Sabc\0"sv))->kind, 'S');
  EXPECT_EQ(read_describe(as_bytes("Sabc\0"sv))->name, "abc");
  EXPECT_EQ(read_close(as_bytes("P\0"sv))->kind, 'P');
  EXPECT_FALSE(read_describe(as_bytes("Xabc\0"sv)));
  EXPECT_FALSE(read_close(as_bytes("Sabc\0d"sv)));
}

TEST(Messages, QueryEndsAtItsFirstZeroByte) {
  EXPECT_EQ(read_query(as_bytes("select 1\0"sv)), "select 1");
  EXPECT_EQ(read_query(as_bytes("a\0b\0"sv)), "a");
  EXPECT_EQ(read_query(as_bytes("\0"sv)), "");
  EXPECT_FALSE(read_query(as_bytes("select"sv)));
  EXPECT_FALSE(read_query({}));
}

TEST(Messages, PasswordMustEndTheBody) {
  expect_no_cut_valid("secret\0"sv, read_password);
  EXPECT_FALSE(read_password(as_bytes("a\0b\0"sv)));
  EXPECT_EQ(read_password(as_bytes("\0"sv)), "");
}

TEST(Messages, SaslInitialResponseMayBeLeftOut) {
  const auto without = read_sasl_initial(as_bytes("M\0\xff\xff\xff\xff"sv));
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->data);
  expect_no_cut_valid("M\0\0\0\0\3n,,"sv, read_sasl_initial);
  EXPECT_EQ(read_sasl_initial(as_bytes("M\0\0\0\0\3n,,"sv))->data, "n,,");
  EXPECT_FALSE(read_sasl_initial(as_bytes("M\0\0\0\0\2n,,"sv)));
  EXPECT_FALSE(read_sasl_initial(as_bytes("M\0\xff\xff\xff\xffx"sv)));
  EXPECT_FALSE(read_sasl_initial(as_bytes("M\0\xff\xff\xff\xfex"sv)));
}

TEST(ErrorFields, PostgresOrder) {
  const auto fields = ErrorFields::read(as_bytes("SFEHLER\0VERROR\0C42601\0Msyntax\0Fscan.l\0\0"sv));
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->severity(), "ERROR");
  EXPECT_EQ(fields->code(), "42601");
  EXPECT_EQ(fields->message(), "syntax");
  EXPECT_EQ(fields->find('F'), "scan.l");
  EXPECT_FALSE(fields->find('D'));
}

TEST(ErrorFields, QuestDbOrderWithoutV) {
  const auto fields = ErrorFields::read(as_bytes("C00000\0Mtable does not exist [table=x]\0SERROR\0P15\0\0"sv));
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->severity(), "ERROR");
  EXPECT_EQ(fields->code(), "00000");
  EXPECT_EQ(fields->message(), "table does not exist [table=x]");
}

TEST(ErrorFields, MissingFieldsAreEmpty) {
  for (const std::string_view body : {""sv, "\0"sv, "Hhint\0\0"sv}) {
    const auto fields = ErrorFields::read(as_bytes(body));
    ASSERT_TRUE(fields);
    EXPECT_EQ(fields->severity(), "");
    EXPECT_EQ(fields->code(), "");
    EXPECT_EQ(fields->message(), "");
  }
}

TEST(ErrorFields, NothingIsReadBehindTheEndMark) {
  const auto fields = ErrorFields::read(as_bytes("Mtext\0\0C42601\0"sv));
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->code(), "");
}

TEST(ErrorFields, EveryCutIsReadOrRefusedWithoutHarm) {
  const auto body = "SERROR\0C42601\0Mtext\0\0"sv;
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string copy(body.substr(0, size));
    const auto fields = ErrorFields::read(as_bytes(copy));
    const bool between_fields = size == 0 || size == 7 || size == 14 || size == 20;
    EXPECT_EQ(fields.has_value(), between_fields) << size;
  }
}

TEST(Messages, ParameterStatusIsTwoTexts) {
  expect_no_cut_valid("TimeZone\0GMT\0"sv, read_parameter_status);
  const auto status = read_parameter_status(as_bytes("TimeZone\0GMT\0"sv));
  EXPECT_EQ(status->name, "TimeZone");
  EXPECT_EQ(status->value, "GMT");
  EXPECT_FALSE(read_parameter_status(as_bytes("a\0b\0c"sv)));
}

TEST(Messages, DiscardAllAndDeallocateAllClearStatements) {
  EXPECT_TRUE(clears_statements(as_bytes("DISCARD ALL\0"sv)));
  EXPECT_TRUE(clears_statements(as_bytes("DEALLOCATE ALL\0"sv)));
  for (const std::string_view other : {"DEALLOCATE\0"sv, "DISCARD TEMP\0"sv, "DELETE 3\0"sv, "SELECT 1\0"sv, "\0"sv,
                                       "DISCARD ALL"sv, "discard all\0"sv, ""sv}) {
    EXPECT_FALSE(clears_statements(as_bytes(other))) << other;
  }
}

TEST(Messages, CommandTagMayBeEmpty) {
  EXPECT_EQ(read_command_tag(as_bytes("SELECT 1\0"sv)), "SELECT 1");
  EXPECT_EQ(read_command_tag(as_bytes("\0"sv)), "");
  EXPECT_FALSE(read_command_tag(as_bytes("SELECT"sv)));
  EXPECT_FALSE(read_command_tag({}));
}

TEST(Messages, BackendKeyHasEightToTwoHundredSixtyBytes) {
  EXPECT_FALSE(read_backend_key(as_bytes(std::string(7, 'k'))));
  EXPECT_TRUE(read_backend_key(as_bytes(std::string(8, 'k'))));
  EXPECT_TRUE(read_backend_key(as_bytes(std::string(260, 'k'))));
  EXPECT_FALSE(read_backend_key(as_bytes(std::string(261, 'k'))));
}

TEST(Messages, ReadyStatusIsOneOfThreeLetters) {
  EXPECT_EQ(read_ready_status(as_bytes("I")), 'I');
  EXPECT_EQ(read_ready_status(as_bytes("T")), 'T');
  EXPECT_EQ(read_ready_status(as_bytes("E")), 'E');
  for (const std::string_view bad : {""sv, "X"sv, "II"sv, "\0"sv}) EXPECT_FALSE(read_ready_status(as_bytes(bad)));
}

TEST(Messages, DataRowValuesAndNulls) {
  const auto body = "\0\2\0\0\0\3ann\xff\xff\xff\xff"sv;
  expect_no_cut_valid(body, read_data_row);
  const auto row = read_data_row(as_bytes(body));
  ASSERT_EQ(row->size(), 2u);
  EXPECT_EQ((*row)[0], "ann");
  EXPECT_FALSE((*row)[1]);
}

TEST(Messages, DataRowWithLyingCountsIsRefused) {
  EXPECT_FALSE(read_data_row(as_bytes("\xff\xff\0\0\0\0"sv)));
  EXPECT_FALSE(read_data_row(as_bytes("\0\1\0\0\0\4abc"sv)));
  EXPECT_FALSE(read_data_row(as_bytes("\0\1\0\0\0\1abc"sv)));
  EXPECT_FALSE(read_data_row(as_bytes("\0\1\xff\xff\xff\xfe"sv)));
}

TEST(Messages, ColumnCountOfARowDescription) {
  EXPECT_EQ(read_column_count(as_bytes("\0\2rest"sv)), 2);
  EXPECT_FALSE(read_column_count(as_bytes("\0"sv)));
}

TEST(Messages, SaslMechanismsEndWithAnEmptyName) {
  const auto data = "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"sv;
  expect_no_cut_valid(data, read_sasl_mechanisms);
  EXPECT_EQ(*read_sasl_mechanisms(as_bytes(data)),
            (std::vector<std::string_view>{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}));
  EXPECT_FALSE(read_sasl_mechanisms(as_bytes("A\0\0x"sv)));
}

TEST(Messages, AuthRequestHasACode) {
  const auto request = read_auth_request(as_bytes("\0\0\0\5salt"sv));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->code, AuthCode::md5);
  EXPECT_EQ(as_text(request->data), "salt");
  EXPECT_FALSE(read_auth_request(as_bytes("\0\0\0"sv)));
}

}  // namespace
}  // namespace uvb
