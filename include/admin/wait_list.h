#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/console_host.h"
#include "admin/console_reply.h"
#include "base/ids.h"

namespace uvb {

/// A late answer for a session whose command blocked.
struct ConsoleAnswer {
  ConnectionId session = ConnectionId::none;
  ConsoleReply reply;
};

/// What a blocked command waits for.
enum class Awaited : std::uint8_t {
  pause,  ///< PAUSE: nothing active or tested is left
  close,  ///< WAIT_CLOSE: no server has close_needed
};

/// Some server of the database (of any when empty) still has close_needed.
[[nodiscard]] bool close_pending(const ConsoleHost& host, const std::string& database);

/// Sessions whose PAUSE or WAIT_CLOSE is not done yet (admin-console.md 3.1): one record each, answered exactly once,
/// with its own tag, by its own condition. Control thread.
class WaitList {
 public:
  void add(ConnectionId session, Awaited awaited, const std::string& database);
  void remove(ConnectionId session);
  [[nodiscard]] bool empty() const noexcept { return waiters_.empty(); }

  /// Takes out and answers those whose wait is over. A PAUSE that is in force no more is answered ERROR 57014.
  std::vector<ConsoleAnswer> poll(const ConsoleHost& host);

  /// Ends the session's wait with ERROR 57014 and undoes the pause of a single database it waited for. Empty when the
  /// session does not wait.
  std::vector<ConsoleAnswer> cancel(ConnectionId session, ConsoleHost& host);

 private:
  struct Waiter {
    ConnectionId session;
    Awaited awaited;
    std::string database;  ///< empty: all
  };
  static bool outcome(const Waiter& waiter, const ConsoleHost& host, ConsoleReply& reply);

  std::vector<Waiter> waiters_;
};

}  // namespace uvb
