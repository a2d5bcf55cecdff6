#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/census.h"
#include "admin/console_access.h"
#include "admin/console_host.h"
#include "admin/console_reply.h"
#include "admin/wait_list.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"

namespace uvb {

/// A command as a worker's ConsoleSession hands it over. A session has at most one under way.
struct ConsoleRequest {
  ConnectionId session = ConnectionId::none;  ///< the client's id, as SHOW CLIENTS has it
  ConsoleRole role = ConsoleRole::stats;
  std::string text;
};

/// What became of a request. With `reply`: done. Else with `gather`: collect a Census and call run() again with it.
/// Else the command blocks: poll(), cancel() or nothing (the session goes) will end it.
struct ConsoleStep {
  std::optional<ConsoleReply> reply;
  Gather gather = Gather::nothing;
};

/// The admin console (admin-console.md 2, 3): command text in, replies as values out. Control thread; knows no socket.
///
/// Blocking commands (PAUSE, WAIT_CLOSE) are answered by poll() exactly once, with their own tag. A PAUSE whose pause
/// is undone (RESUME, signal, cancel) is answered ERROR 57014. A session whose command blocks or gathers must not hand
/// over the next one before the answer, so that answers stay in order; a CancelRequest ends a wait.
class Console {
 public:
  /// Both must outlive the console.
  Console(ConsoleHost& host, Log& log) : host_(host), log_(log) {}

  /// Carries out a request, or says what it lacks. `now` and `wall` are the same moment. Errors in replies are logged
  /// by whoever sends them.
  ConsoleStep run(const ConsoleRequest& request, TimePoint now, WallTime wall, const Census* census = nullptr);

  /// Answers every blocked session whose wait is over. Call after every change of pools or state; cheap when none
  /// waits.
  std::vector<ConsoleAnswer> poll();
  [[nodiscard]] bool waiting() const noexcept { return !waits_.empty(); }

  /// A CancelRequest with the key of console session `session` (admin-console.md 3.14): a global PAUSE is undone,
  /// whichever session asked for it, unless shutting down; a wait of this session ends with ERROR 57014, and the pause
  /// of the one database it waited for is undone. The caller delivers the answers and closes the cancel connection
  /// (`cancel request for console client`).
  std::vector<ConsoleAnswer> cancel(ConnectionId session);

  /// The session is gone; a pause it waited for stays.
  void forget(ConnectionId session) { waits_.remove(session); }

 private:
  ConsoleHost& host_;
  Log& log_;
  WaitList waits_;
};

}  // namespace uvb
