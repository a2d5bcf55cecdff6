#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace uvb {

/// Runs `body` in a forked child and returns its exit status, or -1 when it was killed: for what a process can do only
/// once, such as changing its user. `body` must not use gtest's assertions, nobody sees them.
inline int run_in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace uvb
