#pragma once

#include "base/result.h"

namespace uvb {

/// Goes into the background (admin-console.md 4.3): descriptors 0 to 2 become /dev/null, fork, setsid, fork. Returns in
/// the final process only; the others have ended with status 0. The working directory and the umask stay. Call it
/// before any thread is started, with a log that no longer writes to stderr. An error is only possible before
/// the first fork or, then unseen by the caller of the program, after it.
[[nodiscard]] Status daemonize();

}  // namespace uvb
