#include "admin/console.h"

#include <fmt/format.h>

#include "admin/command_parser.h"
#include "admin/command_table.h"
#include "admin/courtesy.h"
#include "base/console_name.h"

namespace uvb {
namespace {

ConsoleReply invalid_command(std::string_view text) {
  return error_reply(fmt::format("invalid command '{}', use SHOW HELP;", text));
}

ConsoleReply parse_error(ParseFailure failure, std::string_view text) {
  return failure == ParseFailure::size ? error_reply("bad arguments") : invalid_command(text);
}

bool is_shown(std::string_view target) {
  const FakeParameter* fake = find_fake_parameter(target);
  return (fake != nullptr && !fake->value.empty()) || find_show(target) != nullptr;
}

// Whether the command makes sense at all; this comes before the question of rights.
bool is_valid(const CommandRow& row, const ParsedCommand& command) {
  if (command.assignment != (row.argument == ArgumentRule::assignment)) return false;
  const std::string& argument = command.argument;
  switch (row.argument) {
    case ArgumentRule::none: return argument.empty();
    case ArgumentRule::show_target: return is_shown(argument);
    case ArgumentRule::shutdown_mode:
      return argument.empty() || same_word(argument, "wait_for_servers") || same_word(argument, "wait_for_clients");
    case ArgumentRule::assignment:
    case ArgumentRule::client_id:
    case ArgumentRule::optional_database:
    case ArgumentRule::required_database: break;
  }
  return true;
}

bool needs_admin(const CommandRow& row, const ParsedCommand& command) {
  if (row.access == Access::admin) return true;
  const ShowRow* show = row.argument == ArgumentRule::show_target ? find_show(command.argument) : nullptr;
  return show != nullptr && show->access == Access::admin;
}

Gather gather_for(const CommandRow& row, const ParsedCommand& command) {
  if (row.argument != ArgumentRule::show_target) return row.gather;
  const ShowRow* show = find_show(command.argument);
  return show == nullptr ? Gather::nothing : show->gather;
}

bool known(ConsoleHost& host, Lookup lookup, const std::string& database) {
  if (database == kConsoleName || host.has_database(database)) return true;
  return lookup == Lookup::find_or_register && host.register_database(database);
}

std::optional<ConsoleReply> database_error(ConsoleHost& host, const CommandRow& row, const std::string& database) {
  if (database.empty()) {
    if (row.argument == ArgumentRule::required_database) return error_reply("a database is required");
    return std::nullopt;
  }
  if (row.lookup == Lookup::none) return std::nullopt;
  if (!known(host, row.lookup, database)) return error_reply(fmt::format("no such database: {}", database));
  if (database == kConsoleName && !row.console_verb.empty()) {
    return error_reply(fmt::format("cannot {} admin db: {}", row.console_verb, database));
  }
  return std::nullopt;
}

// The checks of a row, in the order that decides which text is answered (admin-console.md 3).
std::optional<ConsoleReply> refusal(ConsoleHost& host, const CommandRow& row, const ParsedCommand& command,
                                    const ConsoleRequest& request) {
  if (!is_valid(row, command)) return invalid_command(request.text);
  if (needs_admin(row, command) && request.role != ConsoleRole::admin) return error_reply("admin access needed");
  if (row.only_active && host.state() != ProcessState::active) return error_reply("already suspended/paused");
  return database_error(host, row, command.argument);
}

ConsoleStep done(ConsoleReply reply) { return {std::move(reply), Gather::nothing}; }

ConsoleStep carry_out(ConsoleHost& host, Log& log, WaitList& waits, const ConsoleRequest& request, TimePoint now,
                      WallTime wall, const Census* census) {
  if (const Courtesy* courtesy = find_courtesy(request.text)) return done(courtesy_reply(*courtesy));
  const auto command = parse_command(request.text);
  if (!command.ok()) return done(parse_error(command.error(), request.text));
  const CommandRow* row = find_command(command->word);
  if (row == nullptr) return done(invalid_command(request.text));
  if (auto error = refusal(host, *row, *command, request)) return done(std::move(*error));
  const Gather gather = gather_for(*row, *command);
  if (gather != Gather::nothing && census == nullptr) return {std::nullopt, gather};
  const Census nothing;
  return {row->run({host, log, waits, request, *command, now, wall, census == nullptr ? nothing : *census}),
          Gather::nothing};
}

}  // namespace

ConsoleStep Console::run(const ConsoleRequest& request, TimePoint now, WallTime wall, const Census* census) {
  if (census == nullptr) log_.debug(fmt::format("got admin query: {}", request.text));
  return carry_out(host_, log_, waits_, request, now, wall, census);
}

std::vector<ConsoleAnswer> Console::poll() {
  if (waits_.empty()) return {};
  return waits_.poll(host_);
}

std::vector<ConsoleAnswer> Console::cancel(ConnectionId session) {
  auto answers = waits_.cancel(session, host_);
  if (host_.state() != ProcessState::active && !host_.shutting_down()) {
    if (answers.empty()) log_.warning("admin cancel request for non-waiting client?");
    host_.resume({});
  }
  for (ConsoleAnswer& answer : poll()) answers.push_back(std::move(answer));
  return answers;
}

}  // namespace uvb
