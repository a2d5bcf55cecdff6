#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "admin/console_session.h"
#include "console_kit.h"
#include "protocol/frame.h"
#include "protocol/messages.h"
#include "protocol/write.h"

namespace uvb {

/// A session in front of a console, as worker and control thread put them together; `hold` keeps commands back.
class ConsoleSessionTest : public ::testing::Test, protected ConsoleKit {
 protected:
  /// The answer to SHOW VERSION, as shown() shows it.
  static constexpr const char* kVersionRow = "D(PgBouncer 1.25.2 (uvbouncer 0.1.0))";

  ConsoleSession session;
  bool hold = false;

  /// Sends messages and answers the commands they lead to; returns what came back, taken apart.
  std::string exchange(const Buffer& messages) {
    feed(session, messages);
    while (!hold && serve()) {
    }
    return replies();
  }

  static void feed(ConsoleSession& to, const Buffer& messages) {
    for (ByteView bytes = messages.view(); !bytes.empty();) {
      MessageHead head;
      ASSERT_EQ(read_head(bytes, 1 << 30, head), HeadStatus::ok);
      to.receive(head.type, bytes.subspan(kHeadSize, head.body_size()));
      bytes = bytes.subspan(head.size);
    }
  }

  bool serve() {
    const auto command = session.take_command();
    if (!command) return false;
    ConsoleStep result = step(*command);
    if (result.reply) session.answer(std::move(*result.reply));
    return result.reply.has_value();
  }

  /// Output so far as text: one letter per message, with what matters in parentheses.
  std::string replies() {
    std::string text;
    Buffer& out = session.output();
    while (!out.empty()) {
      MessageHead head;
      if (read_head(out.view(), 1 << 30, head) != HeadStatus::ok) return text + "?";
      text += (text.empty() ? "" : " ") + shown(head.type, out.view().subspan(kHeadSize, head.body_size()));
      out.consume(head.size);
    }
    return text;
  }

  static std::string shown(char type, ByteView body) {
    std::string text(1, type);
    if (type == 'Z') text += static_cast<char>(body[0]);
    if (type == 'C') text += "(" + std::string(*read_command_tag(body)) + ")";
    if (type == 'E' || type == 'N') {
      const auto fields = ErrorFields::read(body);
      text += "(" + std::string(fields->severity()) + " " + std::string(fields->code()) + " " +
              std::string(fields->message()) + ")";
    }
    if (type == 'T' || type == 't') text += std::to_string(load_u16(body.data()));
    if (type == 'D') text += "(" + row_text(body) + ")";
    return text;
  }

  static std::string row_text(ByteView body) {
    std::string text;
    const auto values = read_data_row(body);
    for (const auto& value : *values) text += (text.empty() ? "" : "|") + std::string(value.value_or("~"));
    return text;
  }

  // Messages of clients.
  static void query(Buffer& out, std::string_view text) { append_query(out, text); }
  static void parse(Buffer& out, std::string_view name, std::string_view text) {
    append_parse(out, name, text, no_types());
  }
  static ByteView no_types() {
    static constexpr std::uint8_t zero[2] = {0, 0};
    return zero;
  }
  static void message(Buffer& out, char type, const std::string& body) {
    out.append_byte(static_cast<std::uint8_t>(type));
    out.append_u32(static_cast<std::uint32_t>(body.size() + 4));
    out.append(body);
  }
  static std::string zeros(std::size_t count) { return std::string(count, '\0'); }
  /// `formats` is of the results: a count, then so many codes.
  static void bind(Buffer& out, const std::string& portal, const std::string& name,
                   const std::string& formats = zeros(2)) {
    message(out, 'B', portal + zeros(1) + name + zeros(5) + formats);
  }
  static void describe(Buffer& out, char kind, const std::string& name) { message(out, 'D', kind + name + zeros(1)); }
  static void execute(Buffer& out, const std::string& portal = "", unsigned limit = 0) {
    message(out, 'E', portal + zeros(4) + static_cast<char>(limit));
  }
  static void sync(Buffer& out) { append_sync(out); }
};

}  // namespace uvb
