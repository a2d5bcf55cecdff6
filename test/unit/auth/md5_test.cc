#include "auth/md5.h"

#include <gtest/gtest.h>

#include <string>

namespace uvb {
namespace {

TEST(Md5, HashIsOfPasswordAndUser) {
  // printf 'secretann' | md5sum
  EXPECT_EQ(md5_hash("ann", "secret")->view(), "md59d792a3a8853c2411afb9163d088c036");
}

TEST(Md5, ResponseIsOfTheHexDigitsAndTheSalt) {
  // printf '9d792a3a8853c2411afb9163d088c036SALT' | md5sum
  EXPECT_EQ(md5_response("md59d792a3a8853c2411afb9163d088c036", as_bytes("SALT"))->view(),
            "md528261b49aff0efdc2c2e1b873a925d0d");
}

TEST(Md5, OnlyMd5AndThirtyTwoLowerCaseDigitsAreAHash) {
  const std::string digits = "0123456789abcdef0123456789abcdef";
  EXPECT_TRUE(is_md5_hash("md5" + digits));
  for (const std::string& other :
       {std::string(), std::string("md5"), digits, "md5" + digits + "0", "MD5" + digits, "md5" + digits.substr(1),
        "md5" + digits.substr(1) + "A", "md5" + digits.substr(1) + "g"}) {
    EXPECT_FALSE(is_md5_hash(other)) << other;
  }
}

}  // namespace
}  // namespace uvb
