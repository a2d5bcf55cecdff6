#include "admin/console_welcome.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace uvb {
namespace {

using namespace std::string_literals;

TEST(ConsoleWelcome, InBytes) {
  const std::pair<std::string, std::string> parameters[] = {{"client_encoding", "latin1"},
                                                            {"application_name", "psql"}};
  const std::uint8_t key[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  Buffer out;
  append_console_welcome(out, {parameters, key, "hello"});
  EXPECT_EQ(as_text(out.view()),
            "R\0\0\0\x08\0\0\0\0"
            "S\0\0\0\x22server_version\0"
            "1.25.2/bouncer\0"
            "S\0\0\0\x19"
            "client_encoding\0UTF8\0"
            "S\0\0\0\x19"
            "server_encoding\0UTF8\0"
            "S\0\0\0\x12"
            "DateStyle\0ISO\0"
            "S\0\0\0\x11TimeZone\0GMT\0"
            "S\0\0\0\x23standard_conforming_strings\0on\0"
            "S\0\0\0\x14is_superuser\0on\0"
            "S\0\0\0\x1b"
            "client_encoding\0latin1\0"
            "S\0\0\0\x1a"
            "application_name\0psql\0"
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

}  // namespace
}  // namespace uvb
