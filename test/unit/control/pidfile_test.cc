#include "control/pidfile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "fakes/child.h"
#include "fakes/memory_log.h"
#include "fakes/temp_dir.h"

namespace uvb {
namespace {

namespace fs = std::filesystem;

/// The id of a process that has ended and been reaped.
pid_t dead_pid() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

std::string exists_text(const std::string& path) { return "pidfile '" + path + "' exists, another instance running?"; }

void expect_in_the_way(const std::string& content) {
  const TempDir dir;
  const std::string path = dir.file("pid");
  write_text(path, content);
  MemoryLog log;
  const Status checked = check_pidfile(path, log);
  ASSERT_FALSE(checked.ok()) << content;
  EXPECT_EQ(checked.error().message, exists_text(path));
  EXPECT_TRUE(fs::exists(path));
}

TEST(PidFile, IsFreeWhenMissing) {
  const TempDir dir;
  MemoryLog log;
  EXPECT_TRUE(check_pidfile(dir.file("pid"), log).ok());
  EXPECT_TRUE(log.lines().empty());
}

TEST(PidFile, RemovesThatOfADeadProcess) {
  const TempDir dir;
  MemoryLog log;
  write_text(dir.file("pid"), std::to_string(dead_pid()) + "\n");
  EXPECT_TRUE(check_pidfile(dir.file("pid"), log).ok());
  EXPECT_FALSE(fs::exists(dir.file("pid")));
  EXPECT_EQ(log.count(LogLevel::log, "stale pidfile, removing"), 1U);
}

TEST(PidFile, IsInTheWayWhenTheProcessLives) { expect_in_the_way(std::to_string(::getpid()) + "\n"); }
TEST(PidFile, IsInTheWayWhenEmpty) { expect_in_the_way(""); }
TEST(PidFile, IsInTheWayWhenNotANumber) { expect_in_the_way("hello\n"); }
TEST(PidFile, IsInTheWayWhenNotPositive) {
  expect_in_the_way("0\n");
  expect_in_the_way("-5\n");
}

TEST(PidFile, ThatCannotBeReadIsAnError) {
  const TempDir dir;
  MemoryLog log;
  fs::create_directory(dir.path() / "pid");
  const Status checked = check_pidfile(dir.file("pid"), log);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().message, "could not read pidfile '" + dir.file("pid") + "': Is a directory");
}

TEST(PidFile, HoldsTheIdOfThisProcessAndGoesWithTheObject) {
  const TempDir dir;
  const std::string path = dir.file("pid");
  {
    const auto file = PidFile::write(path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(read_text(path), std::to_string(::getpid()) + "\n");
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0133U, 0U);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(PidFile, IsNotWrittenOverAnother) {
  const TempDir dir;
  write_text(dir.file("pid"), "1\n");
  const auto file = PidFile::write(dir.file("pid"));
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().message, "could not open pidfile '" + dir.file("pid") + "': File exists");
  EXPECT_EQ(read_text(dir.file("pid")), "1\n");
}

TEST(PidFile, SurvivesTheExitOfAForkedChild) {
  const TempDir dir;
  auto file = PidFile::write(dir.file("pid"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(run_in_child([&] {
              const PidFile inherited = std::move(file).value();
              return 0;
            }),
            0);
  EXPECT_TRUE(fs::exists(dir.file("pid")));
}

TEST(PidFile, MovesItsDuty) {
  const TempDir dir;
  PidFile kept;
  {
    auto file = PidFile::write(dir.file("pid"));
    ASSERT_TRUE(file.ok());
    kept = std::move(file).value();
  }
  EXPECT_TRUE(fs::exists(dir.file("pid")));
  kept.remove();
  EXPECT_FALSE(fs::exists(dir.file("pid")));
}

}  // namespace
}  // namespace uvb
