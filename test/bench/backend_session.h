#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "backend_statement.h"

namespace uvb::bench {

/// Ready-made runs of identical row messages, one per (message type, row size); shared by all sessions.
class RowBlocks {
 public:
  /// Whole messages, at least 256 KiB of them; the reference stays valid for the life of this object.
  const std::string& block(char type, std::uint32_t row_bytes);
  /// Bytes of one row message, head included.
  static std::uint64_t message_bytes(char type, std::uint32_t row_bytes) noexcept;

 private:
  std::map<std::pair<char, std::uint32_t>, std::string> blocks_;
};

/// One connection of the benchmark's backend: protocol bytes in, protocol bytes out; no socket.
/// Trust authentication; reports parameters, tracks the transaction state, keeps named statements and portals.
class BackendSession {
 public:
  explicit BackendSession(RowBlocks& blocks) : blocks_(blocks) {}

  /// Takes what came in; false when the connection is to be closed. While blocked() input is kept unread.
  bool feed(std::string_view input);

  /// What waits to be sent, in order: first out(), then the row stream. The caller removes what it sent.
  std::string& out() noexcept { return out_; }
  [[nodiscard]] bool streaming() const noexcept { return stream_.left > 0; }
  /// The next piece of the row stream; its length is a hint of how much to send at once.
  [[nodiscard]] std::string_view stream_piece() const noexcept;
  /// `count` bytes of the stream were sent. At its end the closing messages are in out() and parsing goes on.
  bool stream_sent(std::size_t count);

 private:
  struct RowStream {
    const std::string* block = nullptr;
    std::size_t offset = 0;
    std::uint64_t left = 0;
    std::string closing;
  };

  bool parse(std::string_view input, std::size_t& used);
  bool start_up(std::string_view input, std::size_t& used);
  void greet(std::string_view parameters);
  bool dispatch(char type, std::string_view body);
  bool dispatch_extended(char type, std::string_view body);
  void on_copy_message(char type);

  void run_simple();
  void run(const Statement& statement, bool describe);
  void run_transaction_word(const Statement& statement);
  void set_parameter(const std::string& name, const std::string& value);
  void reset_parameters();
  void report(const std::string& name, const std::string& value);
  void start_stream(const Statement& statement, bool describe);
  void complete(std::string_view tag);
  void fail(std::string_view code, std::string_view message);

  void on_parse(std::string_view body);
  void on_bind(std::string_view body);
  void on_describe(std::string_view body);
  void on_close(std::string_view body);
  void describe_rows(const Statement& statement);

  RowBlocks& blocks_;
  std::string in_;
  std::string out_;
  RowStream stream_;
  std::string simple_rest_;  ///< statements of a simple query still to be run
  bool in_simple_query_ = false;
  bool started_ = false;
  bool copying_in_ = false;
  bool skip_until_sync_ = false;
  std::uint64_t skip_bytes_ = 0;  ///< of a CopyData body still to come
  std::uint64_t copied_rows_ = 0;
  char status_ = 'I';
  std::map<std::string, std::string> parameters_;
  std::map<std::string, std::string> startup_parameters_;
  std::unordered_map<std::string, std::shared_ptr<const Statement>> statements_;
  std::unordered_map<std::string, std::shared_ptr<const Statement>> portals_;
};

}  // namespace uvb::bench
