#include "session/shared_state.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

void remember(SharedState& shared, const std::string& database, const std::string& user) {
  shared.remember_password(database, user, std::make_shared<const Secret>("password"));
}

bool remembers(const SharedState& shared, const std::string& database, const std::string& user) {
  return shared.secrets(database, user).clear_password != nullptr;
}

TEST(SharedState, SecretsOfAPoolGoAlone) {
  SharedState shared;
  for (const char* database : {"one", "two"}) {
    for (const char* user : {"alice", "bob"}) remember(shared, database, user);
  }
  shared.forget_pool_secrets("one", "alice");
  EXPECT_FALSE(remembers(shared, "one", "alice"));
  EXPECT_TRUE(remembers(shared, "one", "bob"));
  EXPECT_TRUE(remembers(shared, "two", "alice"));
}

TEST(SharedState, SecretsOfAUserGoInAllDatabases) {
  SharedState shared;
  for (const char* database : {"one", "two"}) {
    for (const char* user : {"alice", "bob"}) remember(shared, database, user);
  }
  shared.forget_user_secrets("alice");
  EXPECT_FALSE(remembers(shared, "one", "alice"));
  EXPECT_FALSE(remembers(shared, "two", "alice"));
  EXPECT_TRUE(remembers(shared, "one", "bob"));
}

}  // namespace
}  // namespace uvb
