#include "control/snapshot_builder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "fakes/memory_log.h"
#include "fakes/temp_dir.h"

namespace uvb {
namespace {

class SnapshotBuilderTest : public ::testing::Test {
 protected:
  SnapshotBuilderTest() {
    write_text(dir_.file("users"), "\"ann\" \"secret\"\n");
    config_->settings.auth_file = dir_.file("users");
    config_->settings.server_tls_sslmode = SslMode::disable;
  }

  std::shared_ptr<const Snapshot> build() { return builder_.build(config_, nullptr).value(); }

  TempDir dir_;
  MemoryLog log_;
  std::shared_ptr<Config> config_ = std::make_shared<Config>();
  SnapshotBuilder builder_{log_, std::make_shared<const Secret>("key")};
};

TEST_F(SnapshotBuilderTest, WhatIsStillThereCanBeReadAgain) {
  const auto snapshot = build();
  EXPECT_TRUE(snapshot->users->contains("ann"));
  EXPECT_TRUE(builder_.check_reload(config_, *snapshot).ok());
}

TEST_F(SnapshotBuilderTest, UnreadableAuthFileKeepsTheUsersAndIsLogged) {
  const auto snapshot = build();
  std::filesystem::remove(dir_.file("users"));
  EXPECT_TRUE(builder_.build(config_, snapshot.get()).value()->users->contains("ann"));
  EXPECT_TRUE(log_.contains(LogLevel::error, "could not open auth_file " + dir_.file("users")));
}

TEST_F(SnapshotBuilderTest, AuthFileThatReloadCouldNotReadIsLeftToTheCallerToTell) {
  const auto snapshot = build();
  std::filesystem::remove(dir_.file("users"));
  const Status checked = builder_.check_reload(config_, *snapshot);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().message, "could not open auth_file " + dir_.file("users") + ": No such file or directory");
  EXPECT_TRUE(log_.lines().empty());
}

TEST_F(SnapshotBuilderTest, AuthFileIsNotCheckedWhereNobodyReadsIt) {
  config_->settings.auth_type = AuthType::any;
  const auto snapshot = build();
  std::filesystem::remove(dir_.file("users"));
  EXPECT_TRUE(builder_.check_reload(config_, *snapshot).ok());
}

}  // namespace
}  // namespace uvb
