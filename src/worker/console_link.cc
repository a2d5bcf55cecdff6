#include "worker/console_link.h"

#include <fmt/format.h>

#include "admin/console_welcome.h"
#include "worker/worker.h"

namespace uvb {

ConsoleLink::ConsoleLink(Worker& worker, ClientSession& client, bool admin, const VariableValues& asked)
    : worker_(worker), client_(client), role_(admin ? ConsoleRole::admin : ConsoleRole::stats) {
  const VariableTable& table = worker.context().variables;
  for (std::size_t index = 0; index < table.size(); ++index) {
    if (const auto& value = asked.get(index)) asked_.emplace_back(table.name(index), *value);
  }
}

void ConsoleLink::append_welcome(Buffer& out, ByteView key) {
  append_console_welcome(out, {asked_, key, worker_.context().settings().login_notify_message});
  asked_.clear();
}

void ConsoleLink::on_message(char type, ByteView body) {
  if (!std::exchange(counted_, true)) worker_.count_console_query();
  session_.receive(type, body);
  go_on();
}

void ConsoleLink::answer(ConsoleReply reply) {
  session_.answer(std::move(reply));
  go_on();
}

void ConsoleLink::go_on() {
  for (const std::string& error : session_.take_errors()) {
    worker_.context().log.error(error);
    if (worker_.context().settings().log_pooler_errors) {
      worker_.context().log.warning(fmt::format("{}pooler error: {}", client_.log_prefix(), error));
    }
  }
  if (auto command = session_.take_command()) {
    worker_.commons().control.console_command(worker_.id(), {client_.id(), role_, std::move(*command)});
  }
  Buffer output = std::move(session_.output());
  const auto ended = session_.ended();
  const bool failed = session_.failed();
  if (const auto type = session_.take_unknown_type()) client_.log_unknown_message(*type);
  client_.console_reply(output.view(), session_.busy());
  // What the client sent behind the command may have ended it within the call.
  if (!ended || client_.phase() == ClientPhase::closed) return;
  failed ? client_.failed(*ended) : client_.close(*ended);
}

}  // namespace uvb
