#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

#include "admin/actions.h"
#include "admin/courtesy.h"

namespace uvb {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// As C's %llu reads: blanks and a sign in front, anything behind.
std::optional<std::uint64_t> leading_number(std::string_view text) {
  const std::size_t start = std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size());
  text.remove_prefix(start);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc{}) number = std::numeric_limits<std::uint64_t>::max();
  return negative ? 0 - number : number;
}

bool can_be_killed(const SocketRow& socket) {
  return is_client(socket.state) && socket.state != SocketState::client_login;
}

ConsoleReply farewell() {
  ConsoleReply reply = error_reply("admin forced disconnect");
  reply.error->fatal = true;
  return reply;
}

ShutdownMode shutdown_mode(std::string_view argument) {
  if (argument.empty()) return ShutdownMode::immediate;
  return same_word(argument, "wait_for_servers") ? ShutdownMode::wait_for_servers : ShutdownMode::wait_for_clients;
}

const char* shutdown_log(ShutdownMode mode) {
  switch (mode) {
    case ShutdownMode::wait_for_servers: return "SHUTDOWN WAIT_FOR_SERVERS command issued";
    case ShutdownMode::wait_for_clients: return "SHUTDOWN WAIT_FOR_CLIENTS command issued";
    case ShutdownMode::immediate: break;
  }
  return "SHUTDOWN command issued";
}

bool some_database_paused(const ConsoleHost& host) {
  const auto databases = host.databases();
  return std::any_of(databases.begin(), databases.end(), [](const DatabaseInfo& database) { return database.paused; });
}

}  // namespace

std::optional<ConsoleReply> run_show(const CommandContext& context) {
  const FakeParameter* fake = find_fake_parameter(context.command.argument);
  if (fake != nullptr && !fake->value.empty()) return show_fake_parameter(*fake);
  const ShowRow& row = *find_show(context.command.argument);
  ConsoleReply reply = tag_reply("SHOW");
  if (row.table == nullptr) {
    reply.notices.push_back({"Console usage", help_text()});
    return reply;
  }
  if (row.table->rows == nullptr) {
    return error_reply(fmt::format("SHOW {} is not supported by this version of uvbouncer", row.word));
  }
  const auto config = context.host.config();
  const ShowContext show{context.host, *config, context.census, context.now, context.wall, context.request.session};
  reply.columns.assign(row.table->columns.begin(), row.table->columns.end());
  reply.rows = row.table->rows(show);
  return reply;
}

std::optional<ConsoleReply> run_set(const CommandContext& context) {
  const ParsedCommand& command = context.command;
  if (find_fake_parameter(command.argument) != nullptr) {
    ConsoleReply reply = tag_reply("SET");
    reply.notices.push_back({"SET ignored", {}});
    return reply;
  }
  if (context.request.role != ConsoleRole::admin) return error_reply("admin access needed");
  const SetResult result = context.host.set(command.argument, command.value);
  if (result == SetResult::failed) return error_reply("SET failed");
  ConsoleReply reply = tag_reply(fmt::format("SET {}={}", command.argument, command.value));
  if (result == SetResult::tls_refused) {
    reply.notices.push_back({"TLS settings could not be applied, still using old configuration", {}});
  }
  return reply;
}

std::optional<ConsoleReply> run_reload(const CommandContext& context) {
  context.log.log("RELOAD command issued");
  const Status reloaded = context.host.reload();
  if (reloaded.ok()) return tag_reply("RELOAD");
  context.log.error("RELOAD Failed, see logs for more details");
  ConsoleReply reply = error_reply("RELOAD failed, see logs for additional details", "F0000");
  reply.error->detail = reloaded.error().message;
  return reply;
}

std::optional<ConsoleReply> run_kill_client(const CommandContext& context) {
  const auto number = leading_number(context.command.argument);
  if (!number) return error_reply("invalid client pointer supplied");
  const auto id = static_cast<ConnectionId>(*number);
  if (id == context.request.session) return farewell();
  const auto& sockets = context.census.sockets;
  const bool known = std::any_of(sockets.begin(), sockets.end(),
                                 [id](const SocketRow& socket) { return socket.id == id && can_be_killed(socket); });
  if (!known) return error_reply("client not found");
  context.host.kill_client(id);
  return tag_reply("KILL_CLIENT");
}

std::optional<ConsoleReply> run_suspend(const CommandContext& context) {
  if (some_database_paused(context.host)) return error_reply("cannot suspend with paused databases");
  return error_reply("SUSPEND is not supported by this version of uvbouncer");
}

std::optional<ConsoleReply> run_shutdown(const CommandContext& context) {
  const ShutdownMode mode = shutdown_mode(context.command.argument);
  context.log.log(shutdown_log(mode));
  context.host.shutdown(mode);
  if (mode != ShutdownMode::immediate) return tag_reply("SHUTDOWN");
  // No answer: tools wait for the end of the connection (admin-console.md 9, trap 6).
  ConsoleReply reply;
  reply.close = true;
  return reply;
}

}  // namespace uvb
