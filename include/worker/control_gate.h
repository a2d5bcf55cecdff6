#pragma once

#include <memory>

#include "admin/census.h"
#include "admin/console.h"
#include "base/ids.h"

namespace uvb {

/// What workers tell the control thread (implemented by control/). Any thread.
class ControlGate {
 public:
  virtual ~ControlGate() = default;
  /// A console session's command; the answer comes back by Worker::console_answer().
  virtual void console_command(WorkerId worker, ConsoleRequest request) = 0;
  /// A console session ended, or a CancelRequest with its key came.
  virtual void console_gone(ConnectionId session) = 0;
  virtual void console_cancelled(ConnectionId session) = 0;
};

}  // namespace uvb
