#include "config/set_command.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

TEST(SetCommand, ChangesACopy) {
  const Config current;
  const auto outcome = apply_set(current, "server_lifetime", "1.5");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->config.settings.server_lifetime, std::chrono::milliseconds(1500));
  EXPECT_EQ(current.settings.server_lifetime, std::chrono::seconds(3600));
  EXPECT_FALSE(outcome->restart_only);
  EXPECT_FALSE(outcome->tls);
}

TEST(SetCommand, RestartOnlySettingSucceedsAndDoesNothing) {
  const auto outcome = apply_set(Config{}, "listen_port", "7000");
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->restart_only);
  EXPECT_EQ(outcome->config.settings.listen_port, 6432);
}

TEST(SetCommand, RestartOnlySettingStillNeedsAValidValue) {
  EXPECT_FALSE(apply_set(Config{}, "listen_port", "x").ok());
}

TEST(SetCommand, UnknownKeyIsRefused) {
  EXPECT_EQ(apply_set(Config{}, "nothing", "1").error().message, "unknown parameter: pgbouncer/nothing");
  EXPECT_EQ(apply_set(Config{}, "POOL_MODE", "session").error().message, "unknown parameter: pgbouncer/POOL_MODE");
}

TEST(SetCommand, BadValueIsRefused) { EXPECT_FALSE(apply_set(Config{}, "pool_mode", "fast").ok()); }

TEST(SetCommand, TlsKeysAskForNewContexts) {
  EXPECT_TRUE(apply_set(Config{}, "server_tls_sslmode", "verify-full")->tls);
  EXPECT_TRUE(apply_set(Config{}, "client_tls13_ciphers", "x")->tls);
  EXPECT_FALSE(apply_set(Config{}, "verbose", "1")->tls);
}

TEST(SetCommand, AuthTypeNotBuiltYetIsRefused) {
  EXPECT_EQ(apply_set(Config{}, "auth_type", "hba").error().message,
            "auth_type=hba is not supported by this version of uvbouncer yet");
}

TEST(SetCommand, OurSettingsCanBeSetToo) {
  const auto outcome = apply_set(Config{}, "cleartext_server_auth", "fail");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->config.uvbouncer.cleartext_server_auth, CleartextServerAuth::fail);
  EXPECT_TRUE(apply_set(Config{}, "worker_threads", "3")->restart_only);
}

TEST(SetCommand, SaysThatOnlyARestartChangesIt) {
  EXPECT_EQ(apply_set(Config{}, "listen_port", "7000")->config.warnings,
            (std::vector<std::string>{"listen_port changes only with a restart, keeping 6432"}));
  EXPECT_TRUE(apply_set(Config{}, "listen_port", "6432")->config.warnings.empty());
}

TEST(SetCommand, WarnsOnlyOfWhatItChanged) {
  Config current;
  current.settings.peer_id = 3;
  current.warnings = {"old"};
  EXPECT_TRUE(apply_set(current, "verbose", "1")->config.warnings.empty());
  const auto outcome = apply_set(current, "auth_user", "x");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->config.warnings, (std::vector<std::string>{"auth_user has no effect yet in this version"}));
}

}  // namespace
}  // namespace uvb
