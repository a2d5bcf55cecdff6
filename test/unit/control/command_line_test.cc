#include "control/command_line.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace uvb {
namespace {

constexpr std::string_view kTry = "Try \"uvbouncer --help\" for more information.\n";

CommandLineResult parse(std::initializer_list<std::string_view> arguments) {
  std::vector<std::string_view> all{"uvbouncer"};
  all.insert(all.end(), arguments);
  return parse_command_line(all, {"libuv 1.44.2", "tls: OpenSSL 3.0"});
}

CommandLine accepted(std::initializer_list<std::string_view> arguments) {
  const CommandLineResult result = parse(arguments);
  if (const auto* end = std::get_if<ExitAtOnce>(&result)) {
    ADD_FAILURE() << end->text;
    return {};
  }
  return std::get<CommandLine>(result);
}

ExitAtOnce ended(std::initializer_list<std::string_view> arguments) {
  const CommandLineResult result = parse(arguments);
  if (std::holds_alternative<CommandLine>(result)) {
    ADD_FAILURE() << "accepted";
    return {};
  }
  return std::get<ExitAtOnce>(result);
}

std::string refusal(std::string_view reason) { return "uvbouncer: " + std::string(reason) + "\n" + std::string(kTry); }

void expect_refused(std::initializer_list<std::string_view> arguments, std::string_view reason) {
  const ExitAtOnce end = ended(arguments);
  EXPECT_EQ(end.status, 1);
  EXPECT_EQ(end.text, refusal(reason));
}

TEST(CommandLine, NeedsExactlyOneFile) {
  EXPECT_EQ(accepted({"pgbouncer.ini"}).config_file, "pgbouncer.ini");
  expect_refused({}, "no configuration file specified");
  expect_refused({"one.ini", "two.ini"}, "no configuration file specified");
}

TEST(CommandLine, KnowsShortAndLongOptions) {
  const CommandLine letters = accepted({"-d", "-q", "-v", "-u", "postgres", "x.ini"});
  EXPECT_TRUE(letters.daemon);
  EXPECT_TRUE(letters.quiet);
  EXPECT_EQ(letters.verbose, 1);
  EXPECT_EQ(letters.user, "postgres");
  const CommandLine words = accepted({"--daemon", "--quiet", "--verbose", "--user=postgres", "x.ini"});
  EXPECT_TRUE(words.daemon);
  EXPECT_TRUE(words.quiet);
  EXPECT_EQ(words.verbose, 1);
  EXPECT_EQ(words.user, "postgres");
}

TEST(CommandLine, IsQuietAboutWhatWasNotGiven) {
  const CommandLine plain = accepted({"x.ini"});
  EXPECT_FALSE(plain.daemon);
  EXPECT_FALSE(plain.quiet);
  EXPECT_EQ(plain.verbose, 0);
  EXPECT_FALSE(plain.user.has_value());
}

TEST(CommandLine, CountsVerbose) { EXPECT_EQ(accepted({"-vv", "x.ini", "-v", "--verb"}).verbose, 4); }

TEST(CommandLine, TakesBundledLettersAndValuesWithoutBlank) {
  const CommandLine line = accepted({"-dqupostgres", "x.ini"});
  EXPECT_TRUE(line.daemon);
  EXPECT_TRUE(line.quiet);
  EXPECT_EQ(line.user, "postgres");
}

TEST(CommandLine, TakesOptionsAfterTheFile) { EXPECT_TRUE(accepted({"x.ini", "-d"}).daemon); }

TEST(CommandLine, TakesUnambiguousBeginningsOfLongNames) {
  EXPECT_TRUE(accepted({"--da", "x.ini"}).daemon);
  EXPECT_EQ(accepted({"--us", "postgres", "x.ini"}).user, "postgres");
  expect_refused({"--ver", "x.ini"}, "option '--ver' is ambiguous; possibilities: '--verbose' '--version'");
}

TEST(CommandLine, EndsOptionsAtTwoDashes) {
  EXPECT_EQ(accepted({"-d", "--", "-q"}).config_file, "-q");
  EXPECT_EQ(accepted({"-"}).config_file, "-");
}

TEST(CommandLine, RefusesWhatItDoesNotKnowInTheWordsOfGetopt) {
  expect_refused({"-x"}, "invalid option -- 'x'");
  expect_refused({"--x"}, "unrecognized option '--x'");
  expect_refused({"-u"}, "option requires an argument -- 'u'");
  expect_refused({"--user"}, "option '--user' requires an argument");
  expect_refused({"--daemon=yes"}, "option '--daemon' doesn't allow an argument");
}

TEST(CommandLine, ShowsVersionAndLibrariesWithoutAFile) {
  const ExitAtOnce end = ended({"-V"});
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.text, "PgBouncer 1.25.2 (uvbouncer 0.1.0)\nlibuv 1.44.2\ntls: OpenSSL 3.0\n");
  EXPECT_EQ(ended({"--version"}).text, end.text);
}

TEST(CommandLine, ShowsHelpWithTheNameAsTyped) {
  const std::vector<std::string_view> arguments{"./my bouncer", "--help"};
  const CommandLineResult result = parse_command_line(arguments, {});
  const ExitAtOnce end = std::get<ExitAtOnce>(result);
  EXPECT_EQ(end.status, 0);
  EXPECT_TRUE(
      end.text.starts_with("./my bouncer is a connection pooler for PostgreSQL.\n\nUsage:\n"
                           "  ./my bouncer [OPTION]... CONFIG_FILE\n\nOptions:\n"
                           "  -d, --daemon         run in background (as a daemon)\n"));
}

TEST(CommandLine, ActsOnVersionAndHelpInTheOrderGiven) {
  EXPECT_EQ(ended({"-V", "-x"}).status, 0);
  EXPECT_EQ(ended({"-x", "-V"}).status, 1);
  EXPECT_TRUE(ended({"-hV"}).text.starts_with("uvbouncer is a connection pooler"));
}

TEST(CommandLine, RefusesOnlineRestartInWords) {
  expect_refused({"-R", "x.ini"},
                 "online restart (-R) is not supported by this version of uvbouncer, use so_reuseport instead");
}

}  // namespace
}  // namespace uvb
