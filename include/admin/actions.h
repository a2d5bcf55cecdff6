#pragma once

#include <optional>

#include "admin/command_table.h"

/// The functions of command rows that act (admin-console.md 3.2 - 3.13).
namespace uvb {

// On all databases or one.
std::optional<ConsoleReply> run_pause(const CommandContext& context);
std::optional<ConsoleReply> run_resume(const CommandContext& context);
std::optional<ConsoleReply> run_disable(const CommandContext& context);
std::optional<ConsoleReply> run_enable(const CommandContext& context);
std::optional<ConsoleReply> run_reconnect(const CommandContext& context);
std::optional<ConsoleReply> run_kill(const CommandContext& context);
std::optional<ConsoleReply> run_wait_close(const CommandContext& context);

// On the process.
std::optional<ConsoleReply> run_show(const CommandContext& context);
std::optional<ConsoleReply> run_set(const CommandContext& context);
std::optional<ConsoleReply> run_reload(const CommandContext& context);
std::optional<ConsoleReply> run_kill_client(const CommandContext& context);
std::optional<ConsoleReply> run_suspend(const CommandContext& context);
std::optional<ConsoleReply> run_shutdown(const CommandContext& context);

}  // namespace uvb
