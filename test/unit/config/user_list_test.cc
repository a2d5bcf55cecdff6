#include "config/user_list.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace uvb {
namespace {

std::string secret_of(const UserList& list, std::string_view user) {
  const auto found = list.secrets.find(user);
  return found == list.secrets.end() ? "<unknown>" : std::string(found->second->view());
}

TEST(UserList, HoldsUsersAndSecrets) {
  const UserList list = parse_user_list("\"bob\" \"secret\"\n\"ann\" \"md5abc\"\n");
  EXPECT_EQ(list.error, std::nullopt);
  EXPECT_EQ(list.secrets.size(), 2U);
  EXPECT_EQ(secret_of(list, "bob"), "secret");
  EXPECT_EQ(secret_of(list, "ann"), "md5abc");
}

TEST(UserList, DoubledQuotesStandForOne) {
  const UserList list = parse_user_list("\"a\"\"b\" \"\"\"x\"\"\"\n");
  EXPECT_EQ(secret_of(list, "a\"b"), "\"x\"");
}

TEST(UserList, SemicolonStartsACommentAndRestOfLineIsIgnored) {
  const UserList list = parse_user_list("; users\n\"a\" \"1\" \"third field\" # any ; thing\r\n  ;x\n\"b\" \"2\"");
  EXPECT_EQ(list.error, std::nullopt);
  EXPECT_EQ(secret_of(list, "a"), "1");
  EXPECT_EQ(secret_of(list, "b"), "2");
}

TEST(UserList, HashIsBrokenAndStopsReadingWithoutLosingEarlierUsers) {
  const UserList list = parse_user_list("\"a\" \"1\"\n# comment\n\"b\" \"2\"\n");
  EXPECT_EQ(list.error, "broken auth file");
  EXPECT_EQ(secret_of(list, "a"), "1");
  EXPECT_EQ(secret_of(list, "b"), "<unknown>");
}

TEST(UserList, SecretMayStandOnALaterLine) {
  EXPECT_EQ(secret_of(parse_user_list("\"a\"\n  what: \"1\"\n"), "a"), "1");
}

TEST(UserList, LaterDuplicateWinsAndEmptyNamesAndSecretsAreStored) {
  const UserList list = parse_user_list("\"a\" \"1\"\n\"a\" \"2\"\n\"\" \"x\"\n\"e\" \"\"\n");
  EXPECT_EQ(secret_of(list, "a"), "2");
  EXPECT_EQ(secret_of(list, ""), "x");
  EXPECT_EQ(secret_of(list, "e"), "");
}

TEST(UserList, IncompleteEntryIsBroken) {
  for (const char* text : {"\"a", "\"a\"", "\"a\" \"1", "\"a\" \"1\"\"", "a b"}) {
    const UserList list = parse_user_list(text);
    EXPECT_EQ(list.error, "broken auth file") << text;
    EXPECT_TRUE(list.secrets.empty()) << text;
  }
}

TEST(UserList, LimitsCountRawBytes) {
  const auto line = [](std::size_t user, std::size_t secret) {
    return "\"" + std::string(user, 'u') + "\" \"" + std::string(secret, 's') + "\"\n";
  };
  EXPECT_EQ(parse_user_list(line(127, 65530)).error, std::nullopt);
  EXPECT_EQ(parse_user_list(line(128, 1)).error, "username too long in auth file");
  EXPECT_EQ(parse_user_list(line(1, 65531)).error, "password too long in auth file");
  std::string quotes;
  for (int i = 0; i < 64; ++i) quotes += "\"\"";
  EXPECT_EQ(parse_user_list("\"" + quotes + "\" \"x\"").error, "username too long in auth file");
}

TEST(UserList, EmptyFileHasNoUsersAndNoError) {
  EXPECT_TRUE(parse_user_list("").secrets.empty());
  EXPECT_EQ(parse_user_list(" \n ;c").error, std::nullopt);
}

TEST(UserListFile, IsRead) {
  const std::string file = testing::TempDir() + "uvb_userlist_" + std::to_string(::getpid());
  std::ofstream(file) << "\"a\" \"1\"\n";
  const auto list = load_user_list(file);
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(secret_of(*list, "a"), "1");
  std::remove(file.c_str());
}

TEST(UserListFile, MissingFileIsReportedWithItsName) {
  const auto list = load_user_list("/nonexistent/userlist.txt");
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().message, "could not open auth_file /nonexistent/userlist.txt: No such file or directory");
}

TEST(UserListFile, DirectoryIsNotAUserList) { EXPECT_FALSE(load_user_list("/").ok()); }

}  // namespace
}  // namespace uvb
