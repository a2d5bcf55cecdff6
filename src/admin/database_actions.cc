#include <fmt/format.h>

#include <string>

#include "admin/actions.h"

namespace uvb {
namespace {

void log_issued(const CommandContext& context, const char* command) {
  const std::string& database = context.command.argument;
  context.log.log(database.empty() ? fmt::format("{} command issued", command)
                                   : fmt::format("{} '{}' command issued", command, database));
}

/// A command that neither fails nor waits.
ConsoleReply carry_out(const CommandContext& context, const char* command,
                       void (ConsoleHost::*action)(const std::string& database)) {
  log_issued(context, command);
  (context.host.*action)(context.command.argument);
  return tag_reply(command);
}

std::optional<ConsoleReply> resume_error(const CommandContext& context) {
  if (context.host.shutting_down()) return error_reply("pooler is shutting down");
  if (context.host.state() == ProcessState::active) return error_reply("pooler is not paused/suspended");
  return std::nullopt;
}

std::optional<ConsoleReply> resume_error(const CommandContext& context, const std::string& database) {
  if (context.host.database_paused(database)) return std::nullopt;
  return error_reply(fmt::format("database {} is not paused", database));
}

}  // namespace

std::optional<ConsoleReply> run_pause(const CommandContext& context) {
  const std::string& database = context.command.argument;
  log_issued(context, "PAUSE");
  context.host.pause(database);
  if (context.host.quiet(database)) return tag_reply("PAUSE");
  context.waits.add(context.request.session, Awaited::pause, database);
  return std::nullopt;
}

std::optional<ConsoleReply> run_resume(const CommandContext& context) {
  const std::string& database = context.command.argument;
  log_issued(context, "RESUME");
  if (auto error = database.empty() ? resume_error(context) : resume_error(context, database)) return error;
  context.host.resume(database);
  return tag_reply("RESUME");
}

std::optional<ConsoleReply> run_disable(const CommandContext& context) {
  return carry_out(context, "DISABLE", &ConsoleHost::disable);
}

std::optional<ConsoleReply> run_enable(const CommandContext& context) {
  return carry_out(context, "ENABLE", &ConsoleHost::enable);
}

std::optional<ConsoleReply> run_reconnect(const CommandContext& context) {
  return carry_out(context, "RECONNECT", &ConsoleHost::reconnect);
}

std::optional<ConsoleReply> run_kill(const CommandContext& context) {
  return carry_out(context, "KILL", &ConsoleHost::kill);
}

std::optional<ConsoleReply> run_wait_close(const CommandContext& context) {
  const std::string& database = context.command.argument;
  log_issued(context, "WAIT_CLOSE");
  if (!close_pending(context.host, database)) return tag_reply("WAIT_CLOSE");
  context.waits.add(context.request.session, Awaited::close, database);
  return std::nullopt;
}

}  // namespace uvb
