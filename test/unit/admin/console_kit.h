#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/console.h"
#include "fake_console_host.h"
#include "fakes/memory_log.h"

namespace uvb {

/// A console over a fake process with the databases db1 and db2, and short ways to use it.
struct ConsoleKit {
  static constexpr ConnectionId kSession{77};

  FakeConsoleHost host;
  MemoryLog log;
  Console console{host, log};
  Census census;
  TimePoint now{std::chrono::seconds(1001)};
  WallTime wall{std::chrono::seconds(1'700'000'000)};

  ConsoleKit() {
    host.add_database("db1");
    host.add_database("db2");
  }

  ConsoleStep step(const std::string& text, ConsoleRole role = ConsoleRole::admin, ConnectionId session = kSession) {
    const ConsoleRequest request{session, role, text};
    const ConsoleStep first = console.run(request, now, wall);
    return first.gather == Gather::nothing ? first : console.run(request, now, wall, &census);
  }

  /// The reply in short: the tag, `ERROR text` (with the SQLSTATE unless 08P01), or `blocked`.
  std::string run(const std::string& text, ConsoleRole role = ConsoleRole::admin, ConnectionId session = kSession) {
    const ConsoleStep result = step(text, role, session);
    return result.reply ? brief(*result.reply) : "blocked";
  }
  std::string run_as_stats(const std::string& text) { return run(text, ConsoleRole::stats); }

  static std::string brief(const ConsoleReply& reply) {
    if (!reply.error) return reply.close ? "close" : reply.tag;
    const std::string code = reply.error->code == "08P01" ? "" : " " + reply.error->code;
    return (reply.error->fatal ? "FATAL" : "ERROR") + code + " " + reply.error->message;
  }

  ConsoleReply show(const std::string& target) { return step("SHOW " + target).reply.value_or(ConsoleReply{}); }
  std::vector<ConsoleRow> rows(const std::string& target) { return show(target).rows; }

  /// A row as text: cells joined by `|`, NULL as `~`.
  static std::string line(const ConsoleRow& row) {
    std::string text;
    for (const Cell& cell : row) text += (text.empty() ? "" : "|") + cell.value_or("~");
    return text;
  }
  /// All rows, a line each.
  std::vector<std::string> lines(const std::string& target) {
    std::vector<std::string> all;
    for (const ConsoleRow& row : rows(target)) all.push_back(line(row));
    return all;
  }

  /// `name type` of every column, joined by blanks; types by OID.
  std::string columns(const std::string& target) {
    std::string text;
    for (const ConsoleColumn& column : show(target).columns) {
      text += (text.empty() ? "" : " ") + std::string(column.name) + ":" +
              std::to_string(static_cast<std::uint32_t>(column.type));
    }
    return text;
  }
};

using Lines = std::vector<std::string>;

}  // namespace uvb
