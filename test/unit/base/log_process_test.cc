#include "base/log_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "fakes/temp_dir.h"

namespace uvb {
namespace {

LogTargets only_file(const std::string& path) {
  LogTargets targets;
  targets.to_stderr = false;
  targets.file = path;
  return targets;
}

std::size_t count_lines(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

/// Catches what is written to descriptor 2.
class CapturedStderr {
 public:
  explicit CapturedStderr(const std::string& path) : path_(path), saved_(::dup(STDERR_FILENO)) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ::dup2(file.get(), STDERR_FILENO);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() { ::dup2(saved_.get(), STDERR_FILENO); }

  [[nodiscard]] std::string text() const { return read_text(path_); }

 private:
  std::string path_;
  UniqueFd saved_;
};

TEST(ProcessLog, WritesTheSameLineToFileAndStderr) {
  const TempDir dir;
  const CapturedStderr captured(dir.file("stderr"));
  LogTargets targets;
  targets.file = dir.file("log");
  ProcessLog log(targets);
  log.log("process up");
  EXPECT_NE(captured.text().find(" LOG process up\n"), std::string::npos);
  EXPECT_EQ(captured.text(), read_text(dir.file("log")));
}

TEST(ProcessLog, IsSilentOnStderrWhenQuiet) {
  const TempDir dir;
  const CapturedStderr captured(dir.file("stderr"));
  ProcessLog log(only_file(dir.file("log")));
  log.error("x");
  EXPECT_EQ(captured.text(), "");
  EXPECT_EQ(count_lines(read_text(dir.file("log"))), 1U);
}

TEST(ProcessLog, StopsWritingToStderrWhenGoingIntoTheBackground) {
  const TempDir dir;
  const CapturedStderr captured(dir.file("stderr"));
  ProcessLog log;
  log.log("before");
  log.stop_stderr();
  log.log("after");
  EXPECT_EQ(count_lines(captured.text()), 1U);
}

TEST(ProcessLog, OpensTheFileAtTheFirstLine) {
  const TempDir dir;
  ProcessLog log(only_file(dir.file("log")));
  EXPECT_FALSE(std::filesystem::exists(dir.file("log")));
  log.log("x");
  EXPECT_TRUE(std::filesystem::exists(dir.file("log")));
}

TEST(ProcessLog, AppendsToAnExistingFile) {
  const TempDir dir;
  write_text(dir.file("log"), "old\n");
  ProcessLog log(only_file(dir.file("log")));
  log.log("new");
  EXPECT_TRUE(read_text(dir.file("log")).starts_with("old\n"));
  EXPECT_EQ(count_lines(read_text(dir.file("log"))), 2U);
}

TEST(ProcessLog, ShowsDebugAndNoiseByVerbosityOnly) {
  const TempDir dir;
  ProcessLog log(only_file(dir.file("log")));
  log.write(LogLevel::debug, "hidden");
  log.set_verbose(1);
  log.write(LogLevel::debug, "shown");
  log.write(LogLevel::noise, "hidden");
  log.set_verbose(2);
  log.write(LogLevel::noise, "shown");
  const std::string text = read_text(dir.file("log"));
  EXPECT_EQ(count_lines(text), 2U);
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find(" DEBUG shown\n"), std::string::npos);
  EXPECT_NE(text.find(" NOISE shown\n"), std::string::npos);
}

TEST(ProcessLog, FailsToOpenWithPgbouncersWords) {
  const TempDir dir;
  const std::string path = dir.file("missing/log");
  ProcessLog log(only_file(path));
  const Status opened = log.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().message, "Cannot open logfile: '" + path + "': No such file or directory");
}

TEST(ProcessLog, TellsOnceOnStderrWhenAnEarlyLineCannotOpenTheFile) {
  const TempDir dir;
  const CapturedStderr captured(dir.file("stderr"));
  ProcessLog log(only_file(dir.file("missing/log")));
  log.log("one");
  log.log("two");
  EXPECT_EQ(count_lines(captured.text()), 1U);
  EXPECT_NE(captured.text().find("ERROR Cannot open logfile: "), std::string::npos);
}

TEST(ProcessLog, FollowsARenamedFileAfterReopen) {
  const TempDir dir;
  ProcessLog log(only_file(dir.file("log")));
  log.log("one");
  std::filesystem::rename(dir.file("log"), dir.file("log.1"));
  log.log("two");
  ASSERT_TRUE(log.reopen(only_file(dir.file("log"))).ok());
  log.log("three");
  EXPECT_EQ(count_lines(read_text(dir.file("log.1"))), 2U);
  EXPECT_EQ(count_lines(read_text(dir.file("log"))), 1U);
}

TEST(ProcessLog, KeepsTheOldFileWhenReloadNamesABadOne) {
  const TempDir dir;
  ProcessLog log(only_file(dir.file("log")));
  log.log("before");
  EXPECT_FALSE(log.reopen(only_file(dir.file("missing/log"))).ok());
  log.log("after");
  const std::string text = read_text(dir.file("log"));
  EXPECT_NE(text.find("ERROR Cannot open logfile: '" + dir.file("missing/log") + "'"), std::string::npos);
  EXPECT_NE(text.find("LOG after\n"), std::string::npos);
  EXPECT_EQ(count_lines(text), 3U);
}

TEST(ProcessLog, WritesToNoFileAfterReloadTookItAway) {
  const TempDir dir;
  ProcessLog log(only_file(dir.file("log")));
  log.log("before");
  EXPECT_TRUE(log.reopen(only_file("")).ok());
  log.log("after");
  EXPECT_EQ(count_lines(read_text(dir.file("log"))), 1U);
}

TEST(ProcessLog, NeverMixesLinesOfSeveralThreads) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  const TempDir dir;
  ProcessLog log(only_file(dir.file("log")));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&log, thread] {
      for (int line = 0; line < kLines; ++line) log.log(std::string(200, static_cast<char>('a' + thread)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = read_text(dir.file("log"));
  EXPECT_EQ(count_lines(text), static_cast<std::size_t>(kThreads * kLines));
  for (int thread = 0; thread < kThreads; ++thread) {
    const std::string whole = "LOG " + std::string(200, static_cast<char>('a' + thread)) + "\n";
    int found = 0;
    for (std::size_t at = text.find(whole); at != std::string::npos; at = text.find(whole, at + 1)) ++found;
    EXPECT_EQ(found, kLines);
  }
}

TEST(ProcessLog, SendsNoDebugToSyslog) {
  EXPECT_EQ(syslog_priority(LogLevel::fatal), LOG_CRIT);
  EXPECT_EQ(syslog_priority(LogLevel::error), LOG_ERR);
  EXPECT_EQ(syslog_priority(LogLevel::warning), LOG_WARNING);
  EXPECT_EQ(syslog_priority(LogLevel::log), LOG_INFO);
  EXPECT_LT(syslog_priority(LogLevel::debug), 0);
  EXPECT_LT(syslog_priority(LogLevel::noise), 0);
}

TEST(ProcessLog, KnowsTheFacilitiesAndTakesOthersForDaemon) {
  EXPECT_EQ(syslog_facility("auth"), LOG_AUTH);
  EXPECT_EQ(syslog_facility("authpriv"), LOG_AUTHPRIV);
  EXPECT_EQ(syslog_facility("user"), LOG_USER);
  EXPECT_EQ(syslog_facility("local0"), LOG_LOCAL0);
  EXPECT_EQ(syslog_facility("local7"), LOG_LOCAL7);
  EXPECT_EQ(syslog_facility("daemon"), LOG_DAEMON);
  EXPECT_EQ(syslog_facility("LOCAL0"), LOG_DAEMON);
}

}  // namespace
}  // namespace uvb
