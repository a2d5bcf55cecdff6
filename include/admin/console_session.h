#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/console_reply.h"
#include "base/buffer.h"
#include "base/bytes.h"

namespace uvb {

/// A logged-in console client's protocol (PostgreSQL protocol, "Message Flow"; admin-console.md 1.4): whole messages
/// in, bytes and commands out. Simple and extended protocol alike; statements and portals live here, commands are
/// carried out elsewhere, one at a time. Lives on the client's worker; knows no socket.
///
/// After receive() and answer(): send output(), then hand take_command() to the control thread, then look at ended().
class ConsoleSession {
 public:
  /// `simple_query_allowed`: not disable_pqexec. With it the extended protocol still works.
  explicit ConsoleSession(bool simple_query_allowed = true) : simple_query_allowed_(simple_query_allowed) {}

  /// A whole message, body without head. While busy() it is kept for later: the owner should stop reading then.
  void receive(char type, ByteView body);

  /// The command to carry out now, if there is one; each is handed out once.
  std::optional<std::string> take_command();
  /// What the command said. Goes on with messages kept meanwhile.
  void answer(ConsoleReply reply);
  /// A command is under way (or waits for take_command()).
  [[nodiscard]] bool busy() const noexcept { return pending_.has_value(); }

  /// Bytes for the client; the owner takes them out. release() it when empty.
  [[nodiscard]] Buffer& output() noexcept { return output_; }

  /// Set when the session is over, after output() was sent: the reason to log (`closing because: …`).
  [[nodiscard]] const std::optional<std::string>& ended() const noexcept { return ended_; }

  /// The last of output() is a FATAL with that reason.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

  /// The type of the message that ended the session, when it is none that the console knows; told once.
  std::optional<char> take_unknown_type() noexcept { return std::exchange(unknown_type_, std::nullopt); }

  /// Messages of the errors sent since the last call, for the log (`pooler error: …`); the one of a FATAL is ended().
  std::vector<std::string> take_errors();

 private:
  struct Message {
    char type;
    std::string body;
  };
  struct Portal {
    std::string text;
    std::vector<std::uint16_t> formats;  ///< of results: none, one for all, or one per column
    std::optional<ConsoleReply> result;  ///< once executed; rows before next_row were sent
    std::size_t next_row = 0;
  };
  /// Who waits for the command's reply.
  struct Pending {
    bool simple = true;
    std::string portal;
    std::uint32_t row_limit = 0;
  };
  template <class T>
  using ByName = std::map<std::string, T, std::less<>>;

  void process(char type, ByteView body);
  void simple_query(ByteView body);
  void parse(ByteView body);
  void bind(ByteView body);
  void describe(ByteView body);
  void describe_statement(std::string_view name);
  void describe_portal(std::string_view name);
  void execute(ByteView body);
  void close_target(ByteView body);
  void sync();

  void start_command(std::string_view text, Pending pending);
  void answer_simple(const ConsoleReply& reply);
  void answer_execute(ConsoleReply&& reply, const Pending& pending);
  void send_rows(Portal& portal, std::uint32_t limit);
  void send_notices(const ConsoleReply& reply);
  void send_error(const ConsoleError& error);
  void fail(std::string code, std::string message);  ///< ERROR in an extended exchange: skip to Sync
  void die(std::string message);                     ///< FATAL
  void ready();

  bool simple_query_allowed_;
  bool skipping_ = false;  ///< to the next Sync
  ByName<std::string> statements_;
  ByName<Portal> portals_;
  std::optional<Pending> pending_;
  std::optional<std::string> command_;
  std::deque<Message> kept_;
  Buffer output_;
  std::vector<std::string> errors_;
  std::optional<std::string> ended_;
  bool failed_ = false;
  std::optional<char> unknown_type_;
};

}  // namespace uvb
