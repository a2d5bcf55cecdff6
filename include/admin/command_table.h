#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "admin/census.h"
#include "admin/command_parser.h"
#include "admin/console.h"
#include "admin/console_reply.h"
#include "admin/show_table.h"
#include "admin/wait_list.h"
#include "base/clock.h"
#include "base/log.h"

namespace uvb {

/// Who may use a row.
enum class Access : std::uint8_t { everyone, admin };

/// What may stand behind a command's word, and what is checked about it.
enum class ArgumentRule : std::uint8_t {
  none,           ///< a word there makes the command invalid
  show_target,    ///< a row of the SHOW table, or a fake parameter
  assignment,     ///< key = value
  shutdown_mode,  ///< nothing, WAIT_FOR_SERVERS or WAIT_FOR_CLIENTS
  client_id,
  optional_database,  ///< nothing is "all"
  required_database,
};

/// Where a database name is looked up (admin-console.md 3, Common).
enum class Lookup : std::uint8_t { none, find, find_or_register };

/// All that a command's function works with; checks of its row have been made.
struct CommandContext {
  ConsoleHost& host;
  Log& log;
  WaitList& waits;
  const ConsoleRequest& request;
  const ParsedCommand& command;
  TimePoint now;
  WallTime wall;
  const Census& census;  ///< empty unless the row's `gather` asks for it
};

/// nullopt: the command blocks, the function has put the session on the wait list.
using CommandFunction = std::optional<ConsoleReply> (*)(const CommandContext&);

/// One console command.
struct CommandRow {
  std::string_view word;  ///< as tags and help have it
  std::string_view help;  ///< its lines of SHOW HELP, with LF TAB between them
  Access access = Access::admin;
  ArgumentRule argument = ArgumentRule::none;
  bool only_active = false;  ///< refused `already suspended/paused` while the process is
  Lookup lookup = Lookup::none;
  std::string_view console_verb = {};  ///< in `cannot <verb> admin db: %s`; empty: the console is like any database
  Gather gather = Gather::nothing;
  CommandFunction run = nullptr;
};

/// One SHOW target. Rows with the same help line stand together, in the order of SHOW HELP.
struct ShowRow {
  std::string_view word;
  int help_line = 0;
  Access access = Access::everyone;
  Gather gather = Gather::nothing;
  const ShowTable* table = nullptr;  ///< null: no result set
};

[[nodiscard]] std::span<const CommandRow> command_rows();
[[nodiscard]] std::span<const ShowRow> show_rows();
/// Any case; null when there is none. SELECT is an alias of SHOW.
[[nodiscard]] const CommandRow* find_command(std::string_view word);
[[nodiscard]] const ShowRow* find_show(std::string_view word);

/// Detail of SHOW HELP's notice (admin-console.md 2.1), made from both tables.
[[nodiscard]] std::string help_text();

/// Columns a command will answer with, for Describe; empty when it has no result set or is invalid. Any thread.
[[nodiscard]] std::span<const ConsoleColumn> describe_command(std::string_view text);

}  // namespace uvb
