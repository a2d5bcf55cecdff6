#pragma once

#include <string>
#include <utility>
#include <vector>

#include "admin/console_access.h"
#include "admin/console_reply.h"
#include "admin/console_session.h"
#include "session/client.h"
#include "session/context.h"

namespace uvb {

class Worker;

/// A console client's session: its protocol here, its commands on the control thread. Takes the place of a server.
/// Owned by the ClientSession.
class ConsoleLink final : public ConsoleBackend {
 public:
  ConsoleLink(Worker& worker, ClientSession& client, bool admin, const VariableValues& asked);

  void append_welcome(Buffer& out, ByteView key) override;
  void on_message(char type, ByteView body) override;
  void answer(ConsoleReply reply);

 private:
  void go_on();

  Worker& worker_;
  ClientSession& client_;
  ConsoleRole role_;
  ConsoleSession session_;
  std::vector<std::pair<std::string, std::string>> asked_;
  bool counted_ = false;  ///< its one query and transaction; what else it sends counts as the same
};

}  // namespace uvb
