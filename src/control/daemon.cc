#include "control/daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/unique_fd.h"

namespace uvb {
namespace {

Error failed(std::string_view call) { return Error{fmt::format("{}: {}", call, std::strerror(errno))}; }

Status leave_terminal() {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) return failed("open(/dev/null)");
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null.get() != fd && ::dup2(null.get(), fd) < 0) return failed("dup2()");
  }
  // When the terminal's descriptors were closed already, /dev/null is one of the three now and stays.
  if (null.get() <= STDERR_FILENO) ::fcntl(null.release(), F_SETFD, 0);
  return Done{};
}

/// The child goes on; the parent is done, without running destructors that belong to the child now.
Status fork_away() {
  const pid_t child = ::fork();
  if (child < 0) return failed("fork()");
  if (child > 0) ::_exit(0);
  return Done{};
}

}  // namespace

Status daemonize() {
  if (Status left = leave_terminal(); !left) return left;
  if (Status forked = fork_away(); !forked) return forked;
  if (::setsid() < 0) return failed("setsid()");
  return fork_away();
}

}  // namespace uvb
