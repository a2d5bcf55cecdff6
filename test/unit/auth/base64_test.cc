#include "auth/base64.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  const auto bytes = base64_decode(text);
  if (!bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_encode(as_bytes(plain)), encoded);
    EXPECT_EQ(decoded(encoded), plain);
  }
}

TEST(Base64, EveryByteSurvives) {
  std::vector<std::uint8_t> bytes;
  for (int value = 255; value >= 0; --value) bytes.push_back(static_cast<std::uint8_t>(value));
  EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
}

TEST(Base64, AnythingElseIsRefused) {
  for (const std::string_view bad : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zm9v=", "Zm=v",
                                     "Zm9v Zg=", "Zm9\n", "Zm9-", "Zm9_", "Zg==Zg==", "Zm9vZg==\n"}) {
    EXPECT_FALSE(decoded(bad)) << bad;
  }
}

TEST(Base64, UnusedBitsAreNotLookedAt) { EXPECT_EQ(decoded("Zh=="), "f"); }

}  // namespace
}  // namespace uvb
