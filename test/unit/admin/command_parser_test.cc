#include "admin/command_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace uvb {
namespace {

/// `word|argument` or `word|key=value`; `syntax`, `size` on failure.
std::string parsed(std::string_view text) {
  const auto command = parse_command(text);
  if (!command.ok()) return command.error() == ParseFailure::size ? "size" : "syntax";
  return command->word + "|" + command->argument + (command->assignment ? "=" + command->value : "");
}

TEST(CommandParser, TakesAWordWithOrWithoutAnArgument) {
  EXPECT_EQ(parsed("RELOAD"), "RELOAD|");
  EXPECT_EQ(parsed("show Version"), "show|Version");
  EXPECT_EQ(parsed(" \t\r\n show\n\nversion \t; \r\n"), "show|version");
  EXPECT_EQ(parsed("RELOAD;"), "RELOAD|");
}

TEST(CommandParser, KeepsTheCaseOfNames) { EXPECT_EQ(parsed("PAUSE DB1"), "PAUSE|DB1"); }

TEST(CommandParser, ReadsDoubleQuotedWords) {
  EXPECT_EQ(parsed("\"show\" \"version\""), "show|version");
  EXPECT_EQ(parsed("pause \"my-db.x\""), "pause|my-db.x");
  EXPECT_EQ(parsed("pause \"a\"\"b\n;\""), "pause|a\"b\n;");
}

TEST(CommandParser, TakesAnEmptyQuotedArgumentForNone) { EXPECT_EQ(parsed("PAUSE \"\""), "PAUSE|"); }

TEST(CommandParser, RefusesWhatIsNotOneCommand) {
  for (const char* text : {"", "   ", ";", ";show", "show version version", "show version;;", "show version; x",
                           "show -- x", "show /* x */ version", "pause 'db'", "pause my-db", "show\vversion",
                           "show\"version\"", "pause \"open", "pause \"a\"b", "select 1+1"}) {
    EXPECT_EQ(parsed(text), "syntax") << text;
  }
}

TEST(CommandParser, ReadsAssignmentsOfAllKinds) {
  EXPECT_EQ(parsed("SET a = 1"), "SET|a=1");
  EXPECT_EQ(parsed("set a=1;"), "set|a=1");
  EXPECT_EQ(parsed("set a='it''s ; \"x\"' ;"), "set|a=it's ; \"x\"");
  EXPECT_EQ(parsed("set a to b"), "set|a=b");
  EXPECT_EQ(parsed("set a TO 'b'"), "set|a=b");
  EXPECT_EQ(parsed("set \"a b\" = \"c\"\"d\""), "set|a b=c\"d");
  EXPECT_EQ(parsed("set a = ''"), "set|a=");
  EXPECT_EQ(parsed("set a=\"\""), "set|a=");
}

TEST(CommandParser, NeedsNoBlanksAroundTo) {
  EXPECT_EQ(parsed("set keyto'x'"), "set|key=x");
  EXPECT_EQ(parsed("set a tob"), "set|a=b");
  EXPECT_EQ(parsed("set xto y"), "set|x=y");
  EXPECT_EQ(parsed("set xto to y"), "set|xto=y");
  EXPECT_EQ(parsed("set xto to"), "set|x=to");
  EXPECT_EQ(parsed("set xtoy"), "set|xtoy");
}

TEST(CommandParser, RefusesBrokenAssignments) {
  for (const char* text : {"set a = 1.5", "set a = -1", "set a =", "set = 1", "set a = b c", "set a = 'b", "set a == b",
                           "\"set\" a = b", "set\"a\" = b", "show a = b", "set a = 'b' 'c'", "set to to to to"}) {
    EXPECT_EQ(parsed(text), "syntax") << text;
  }
}

TEST(CommandParser, LimitsSizesCountedWithQuotes) {
  const auto word = [](std::size_t size) { return std::string(size, 'x'); };
  EXPECT_EQ(parsed(word(15)), word(15) + "|");
  EXPECT_EQ(parsed(word(16)), "size");
  EXPECT_EQ(parsed("pause " + word(63)), "pause|" + word(63));
  EXPECT_EQ(parsed("pause " + word(64)), "size");
  EXPECT_EQ(parsed("pause \"" + word(61) + "\""), "pause|" + word(61));
  EXPECT_EQ(parsed("pause \"" + word(62) + "\""), "size");
  EXPECT_EQ(parsed("set a = '" + word(253) + "'"), "set|a=" + word(253));
  EXPECT_EQ(parsed("set a = '" + word(254) + "'"), "size");
  EXPECT_EQ(parsed("set " + word(64) + " = 1"), "size");
}

TEST(CommandParser, RefusesAnEmptyKey) { EXPECT_EQ(parsed("set \"\" = 1"), "size"); }

TEST(CommandParser, KnowsBlankQueries) {
  for (const char* text : {"", ";", " ; \n", "-- ping", "-- a\n ; -- b"}) EXPECT_TRUE(is_blank_query(text)) << text;
  for (const char* text : {"x", "; x", "-- a\nshow", "-"}) EXPECT_FALSE(is_blank_query(text)) << text;
}

TEST(CommandParser, ComparesWordsInAsciiCase) {
  EXPECT_TRUE(same_word("ShOw", "show"));
  EXPECT_FALSE(same_word("shows", "show"));
  EXPECT_FALSE(same_word("sho", "show"));
}

}  // namespace
}  // namespace uvb
