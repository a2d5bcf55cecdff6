#include "admin/command_table.h"

#include <algorithm>
#include <array>

#include "admin/actions.h"
#include "admin/courtesy.h"

namespace uvb {
namespace {

// Rows in the order of SHOW HELP.
constexpr CommandRow kCommands[] = {
    {.word = "SHOW", .help = "", .access = Access::everyone, .argument = ArgumentRule::show_target, .run = run_show},
    {.word = "SELECT", .help = "", .access = Access::everyone, .argument = ArgumentRule::show_target, .run = run_show},
    {.word = "SET",
     .help = "SET key = arg",
     .access = Access::everyone,
     .argument = ArgumentRule::assignment,
     .run = run_set},
    {.word = "RELOAD", .help = "RELOAD", .run = run_reload},
    {.word = "PAUSE",
     .help = "PAUSE [<db>]",
     .argument = ArgumentRule::optional_database,
     .only_active = true,
     .lookup = Lookup::find_or_register,
     .console_verb = "pause",
     .run = run_pause},
    {.word = "RESUME",
     .help = "RESUME [<db>]",
     .argument = ArgumentRule::optional_database,
     .lookup = Lookup::find,
     .run = run_resume},
    {.word = "DISABLE",
     .help = "DISABLE <db>",
     .argument = ArgumentRule::required_database,
     .lookup = Lookup::find_or_register,
     .console_verb = "disable",
     .run = run_disable},
    {.word = "ENABLE",
     .help = "ENABLE <db>",
     .argument = ArgumentRule::required_database,
     .lookup = Lookup::find,
     // The words of release 1.25.2; later ones say "enable".
     .console_verb = "disable",
     .run = run_enable},
    {.word = "RECONNECT",
     .help = "RECONNECT [<db>]",
     .argument = ArgumentRule::optional_database,
     .lookup = Lookup::find_or_register,
     .console_verb = "reconnect",
     .run = run_reconnect},
    {.word = "KILL",
     .help = "KILL [<db>]",
     .argument = ArgumentRule::optional_database,
     .only_active = true,
     .lookup = Lookup::find_or_register,
     .console_verb = "kill",
     .run = run_kill},
    {.word = "KILL_CLIENT",
     .help = "KILL_CLIENT <client_id>",
     .argument = ArgumentRule::client_id,
     .gather = Gather::sockets,
     .run = run_kill_client},
    {.word = "SUSPEND", .help = "SUSPEND", .only_active = true, .run = run_suspend},
    {.word = "SHUTDOWN",
     .help = "SHUTDOWN\n\tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS",
     .argument = ArgumentRule::shutdown_mode,
     .run = run_shutdown},
    {.word = "WAIT_CLOSE",
     .help = "WAIT_CLOSE [<db>]",
     .argument = ArgumentRule::optional_database,
     .lookup = Lookup::find_or_register,
     .console_verb = "wait in",
     .run = run_wait_close},
};

constexpr ShowRow kShows[] = {
    {"HELP", 0},
    {"CONFIG", 0, Access::everyone, Gather::nothing, &kShowConfig},
    {"DATABASES", 0, Access::everyone, Gather::counts, &kShowDatabases},
    {"POOLS", 0, Access::everyone, Gather::counts, &kShowPools},
    {"CLIENTS", 0, Access::everyone, Gather::sockets, &kShowClients},
    {"SERVERS", 0, Access::everyone, Gather::sockets, &kShowServers},
    {"USERS", 0, Access::everyone, Gather::counts, &kShowUsers},
    {"VERSION", 0, Access::everyone, Gather::nothing, &kShowVersion},
    {"PEERS", 1, Access::everyone, Gather::nothing, &kShowPeers},
    {"PEER_POOLS", 1, Access::everyone, Gather::nothing, &kShowPeerPools},
    {"FDS", 2, Access::admin, Gather::nothing, &kShowFds},
    {"SOCKETS", 2, Access::everyone, Gather::sockets, &kShowSockets},
    {"ACTIVE_SOCKETS", 2, Access::everyone, Gather::sockets, &kShowActiveSockets},
    {"LISTS", 2, Access::everyone, Gather::counts, &kShowLists},
    {"MEM", 2, Access::everyone, Gather::counts, &kShowMem},
    {"STATE", 2, Access::everyone, Gather::nothing, &kShowState},
    {"DNS_HOSTS", 3, Access::everyone, Gather::nothing, &kShowDnsHosts},
    {"DNS_ZONES", 3, Access::everyone, Gather::nothing, &kShowDnsZones},
    {"STATS", 4, Access::everyone, Gather::counts, &kShowStats},
    {"STATS_TOTALS", 4, Access::everyone, Gather::counts, &kShowStatsTotals},
    {"STATS_AVERAGES", 4, Access::everyone, Gather::counts, &kShowStatsAverages},
    {"TOTALS", 4, Access::everyone, Gather::counts, &kShowTotals},
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

template <class Row, std::size_t N>
const Row* find_row(const Row (&rows)[N], std::string_view word) {
  const auto same = [word](const Row& row) {
    return std::equal(word.begin(), word.end(), row.word.begin(), row.word.end(),
                      [](char left, char right) { return upper(left) == right; });
  };
  const Row* found = std::find_if(std::begin(rows), std::end(rows), same);
  return found == std::end(rows) ? nullptr : found;
}

std::string show_lines() {
  std::string lines;
  int line = -1;
  for (const ShowRow& row : kShows) {
    lines += row.help_line == line ? "|" : "\n\tSHOW ";
    lines += row.word;
    line = row.help_line;
  }
  return lines;
}

}  // namespace

std::span<const CommandRow> command_rows() { return kCommands; }
std::span<const ShowRow> show_rows() { return kShows; }
const CommandRow* find_command(std::string_view word) { return find_row(kCommands, word); }
const ShowRow* find_show(std::string_view word) { return find_row(kShows, word); }

std::string help_text() {
  std::string text = show_lines();
  for (const CommandRow& row : kCommands) {
    if (row.help.empty()) continue;
    text += "\n\t";
    text += row.help;
  }
  return text;
}

std::span<const ConsoleColumn> describe_command(std::string_view text) {
  if (const Courtesy* courtesy = find_courtesy(text)) return courtesy->columns;
  const auto command = parse_command(text);
  if (!command.ok() || command->assignment) return {};
  const CommandRow* row = find_command(command->word);
  if (row == nullptr || row->argument != ArgumentRule::show_target) return {};
  const FakeParameter* fake = find_fake_parameter(command->argument);
  if (fake != nullptr && !fake->value.empty()) return {&fake->column, 1};
  const ShowRow* show = find_show(command->argument);
  return show == nullptr || show->table == nullptr ? std::span<const ConsoleColumn>{} : show->table->columns;
}

}  // namespace uvb
