#include "control/daemon.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/unique_fd.h"
#include "fakes/child.h"

namespace uvb {
namespace {

/// What the daemon finds out about itself and sends home.
struct Report {
  pid_t pid = 0;
  pid_t session = 0;
  pid_t parent_group = 0;
  bool silent = false;
  bool same_directory = false;
};

bool is_null_device(int fd) {
  struct stat here {};
  struct stat null {};
  return ::fstat(fd, &here) == 0 && ::stat("/dev/null", &null) == 0 && here.st_rdev == null.st_rdev;
}

int report_from_daemon(int out, const std::filesystem::path& directory) {
  if (!daemonize().ok()) return 1;
  Report report;
  report.pid = ::getpid();
  report.session = ::getsid(0);
  report.parent_group = ::getpgrp();
  report.silent = is_null_device(0) && is_null_device(1) && is_null_device(2);
  report.same_directory = std::filesystem::current_path() == directory;
  return ::write(out, &report, sizeof report) == sizeof report ? 0 : 2;
}

TEST(Daemonize, LeavesTerminalAndSessionButNotTheDirectory) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd in(ends[0]);
  UniqueFd out(ends[1]);
  const auto directory = std::filesystem::current_path();

  EXPECT_EQ(run_in_child([&] { return report_from_daemon(out.get(), directory); }), 0) << "the foreground parent";
  out.reset();

  pollfd wait{in.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, 20'000), 1);
  Report report;
  ASSERT_EQ(::read(in.get(), &report, sizeof report), static_cast<ssize_t>(sizeof report));
  EXPECT_NE(report.session, ::getsid(0));
  EXPECT_NE(report.session, report.pid) << "a session leader could get a terminal again";
  EXPECT_EQ(report.session, report.parent_group);
  EXPECT_TRUE(report.silent);
  EXPECT_TRUE(report.same_directory);
}

}  // namespace
}  // namespace uvb
