// Whatever a console client sends: messages of any type, body and size, with commands answered by a console that has no
// process behind it worth mentioning. Nothing may crash, hang, or answer a session that is over.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "admin/command_parser.h"
#include "admin/command_table.h"
#include "admin/console_session.h"
#include "base/bytes.h"

namespace {

/// Answers like a console would as far as the session can tell: with the columns the command announces, or an error.
uvb::ConsoleReply reply_to(const std::string& command) {
  const auto columns = uvb::describe_command(command);
  if (columns.empty()) return uvb::error_reply("invalid command '" + command + "', use SHOW HELP;");
  uvb::ConsoleReply reply = uvb::tag_reply("SHOW");
  reply.columns.assign(columns.begin(), columns.end());
  reply.rows.assign(3, uvb::ConsoleRow(columns.size(), uvb::Cell("42")));
  return reply;
}

void serve(uvb::ConsoleSession& session) {
  while (auto command = session.take_command()) session.answer(reply_to(*command));
  if (session.ended() && session.take_command()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  uvb::ConsoleSession session;
  uvb::ByteView rest{data, size};
  // A message: type, one byte of size, body.
  while (rest.size() >= 2 && !session.ended()) {
    const std::size_t length = std::min<std::size_t>(rest[1], rest.size() - 2);
    session.receive(static_cast<char>(rest[0]), rest.subspan(2, length));
    rest = rest.subspan(2 + length);
    if (rest.size() % 3 != 0) serve(session);  // sometimes messages pile up behind a command
  }
  serve(session);
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto command = uvb::parse_command(text); command.ok() && command->word.size() > text.size()) std::abort();
  if (uvb::is_blank_query(text) && uvb::parse_command(text).ok()) std::abort();
  return 0;
}
