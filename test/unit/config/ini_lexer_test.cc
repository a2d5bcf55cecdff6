#include "config/ini_lexer.h"

#include <gtest/gtest.h>

#include <vector>

namespace uvb {
namespace {

using Kind = IniItem::Kind;

std::vector<IniItem> items_of(std::string_view text) {
  IniLexer lexer(text);
  std::vector<IniItem> items;
  do items.push_back(lexer.next());
  while (items.back().kind != Kind::end && items.back().kind != Kind::error);
  return items;
}

IniItem only_entry(std::string_view text) {
  const std::vector<IniItem> items = items_of(text);
  EXPECT_EQ(items.size(), 2U) << text;
  EXPECT_EQ(items.front().kind, Kind::entry) << text;
  return items.front();
}

TEST(IniLexer, EmptyTextAndBlankTextEnd) {
  EXPECT_EQ(items_of("").front().kind, Kind::end);
  EXPECT_EQ(items_of(" \t\r\n\v\f\n").front().kind, Kind::end);
}

TEST(IniLexer, EntryIsTrimmedAroundEqualsSignAndAtTheEnd) {
  const IniItem item = only_entry("  max_client_conn \t=\t 10 \t\r\n");
  EXPECT_EQ(item.name, "max_client_conn");
  EXPECT_EQ(item.value, "10");
}

TEST(IniLexer, ValueRunsToTheEndOfTheLineWithCommentsQuotesAndEqualsSigns) {
  EXPECT_EQ(only_entry("a = 10 ; x # y 'q' \"z\" = 1\n").value, "10 ; x # y 'q' \"z\" = 1");
}

TEST(IniLexer, ValueMayBeEmptyAtEndOfLineAndOfFile) {
  EXPECT_EQ(only_entry("a =\n").value, "");
  EXPECT_EQ(only_entry("a=").value, "");
  EXPECT_EQ(only_entry("a= \r\n").value, "");
}

TEST(IniLexer, LineOfAnyLengthArrivesWhole) {
  const std::string value(100000, 'x');
  EXPECT_EQ(only_entry("a = " + value).value, value);
}

TEST(IniLexer, IndentedLineIsALineOfItsOwn) {
  const std::vector<IniItem> items = items_of("a = 1\n   b = 2\n");
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].value, "1");
  EXPECT_EQ(items[1].name, "b");
}

TEST(IniLexer, KeyCharactersAreLettersDigitsAndFourSigns) {
  EXPECT_EQ(only_entry("Az09_.-* = 1").name, "Az09_.-*");
  EXPECT_EQ(only_entry("* = host=x").name, "*");
  EXPECT_EQ(items_of("a b = 1").back().kind, Kind::error);
  EXPECT_EQ(items_of("a@b = 1").back().kind, Kind::error);
}

TEST(IniLexer, EmptyKeyIsAKey) {
  const IniItem item = only_entry("= host=x");
  EXPECT_EQ(item.name, "");
  EXPECT_EQ(item.value, "host=x");
}

TEST(IniLexer, SingleQuotedKeyMayHoldAnythingButAQuote) {
  EXPECT_EQ(only_entry("'my db' = 1").name, "my db");
  EXPECT_EQ(only_entry("'a=b#c;d[\xc3\xa9' = 1").name, "a=b#c;d[\xc3\xa9");
  EXPECT_EQ(only_entry("'two\nlines' = 1").name, "two\nlines");
}

TEST(IniLexer, QuotedKeyMustNotBeEmptyAndMustEnd) {
  EXPECT_EQ(items_of("'' = 1").back().kind, Kind::error);
  EXPECT_EQ(items_of("'a = 1\n").back().kind, Kind::error);
}

TEST(IniLexer, DoubleQuotedKeyIsAnError) { EXPECT_EQ(items_of("\"db\" = 1").back().kind, Kind::error); }

TEST(IniLexer, KeyWithoutEqualsSignIsAnErrorEvenIfItComesOnTheNextLine) {
  EXPECT_EQ(items_of("a\n= 1").back().kind, Kind::error);
  EXPECT_EQ(items_of("a").back().kind, Kind::error);
}

TEST(IniLexer, CommentsStartLinesWithEitherSign) {
  const std::vector<IniItem> items = items_of("# one\n  ; two\na = 1\n;three");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].line, 3);
}

TEST(IniLexer, ContentAndCommentsMayFollowASectionOnItsLine) {
  const std::vector<IniItem> items = items_of("[databases] foo = host=x\n[pgbouncer] ; note\n");
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[0].name, "databases");
  EXPECT_EQ(items[1].name, "foo");
  EXPECT_EQ(items[2].name, "pgbouncer");
}

TEST(IniLexer, SectionNameIsTakenAsItIs) { EXPECT_EQ(items_of("[ PgBouncer ]").front().name, " PgBouncer "); }

TEST(IniLexer, SectionMustCloseOnItsLine) {
  EXPECT_EQ(items_of("[databases\n]").back().kind, Kind::error);
  EXPECT_EQ(items_of("[databases").back().kind, Kind::error);
}

TEST(IniLexer, IncludeTakesTheRestOfItsLineLiterally) {
  const std::vector<IniItem> items = items_of("%include  a b.ini # c \r\nx = 1\n");
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].kind, Kind::include);
  EXPECT_EQ(items[0].name, "a b.ini # c");
}

TEST(IniLexer, IncludeNeedsABlankBehindIt) {
  EXPECT_EQ(items_of("%include").back().kind, Kind::error);
  EXPECT_EQ(items_of("%includefile").back().kind, Kind::error);
  EXPECT_EQ(items_of("%INCLUDE file").back().kind, Kind::error);
  EXPECT_EQ(items_of("%include \nx = 1").front().name, "");
}

TEST(IniLexer, LineIsWhereTheItemStartsWhateverFollows) {
  const std::vector<IniItem> items = items_of("\n# c\na = 1   \n\n\n\nb = 2\n'x\ny' = 3\nc = 4\n!\n");
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0].line, 3);
  EXPECT_EQ(items[1].line, 7);
  EXPECT_EQ(items[2].line, 8);
  EXPECT_EQ(items[3].line, 10);
  EXPECT_EQ(items[4].line, 11);
}

TEST(IniLexer, NulEndsTheFile) { EXPECT_EQ(items_of(std::string_view("a = 1\n\0!", 8)).size(), 2U); }

TEST(IniLexer, ByteOrderMarkIsAnError) { EXPECT_EQ(items_of("\xef\xbb\xbf[pgbouncer]").back().kind, Kind::error); }

}  // namespace
}  // namespace uvb
