#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "channel.h"
#include "scram_client.h"

namespace uvb::bench {

using Clock = std::chrono::steady_clock;

/// Where and as whom the load generator logs in; tls is null for plain connections.
struct Endpoint {
  std::string address = "127.0.0.1";
  std::uint16_t port = 6432;
  std::string database = "bench";
  std::string user = "bench";
  std::string password = "bench";
  SSL_CTX* tls = nullptr;
};

class Client;

/// What clients do once they are logged in.
class Work {
 public:
  virtual ~Work() = default;
  /// The first ReadyForQuery ends the login, each later one a request.
  virtual void on_ready(Client& client) = 0;
  /// The server wants COPY data.
  virtual void on_copy_in(Client&) {}
  /// What was sent has left for the kernel.
  virtual void on_drained(Client&) {}
  /// Protocol bytes of replies, as they come.
  virtual void on_bytes(std::size_t) {}
};

/// One connection of the load generator: connects, logs in, then hands events to its Work. One thread.
class Client {
 public:
  Client(const Endpoint& endpoint, SaltedPasswords& salted, Work& work);

  [[nodiscard]] int fd() const noexcept { return channel_.fd(); }
  [[nodiscard]] const Channel& channel() const noexcept { return channel_; }
  [[nodiscard]] bool wants_write() const noexcept { return step_ == Step::connected || channel_.pending() > 0; }
  /// Logged in and not waiting for replies.
  [[nodiscard]] bool idle() const noexcept { return idle_; }
  /// Why the connection failed; empty while it has not.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// The work is done with this client: it is closed after the current event.
  void leave();

  /// Handles readiness; `scratch` is lent for reading. False: close this client (see problem()).
  bool on_event(bool readable, bool writable, std::span<char> scratch);
  /// Reads once, for a work that does its own pacing. False as above.
  bool read_once(std::span<char> scratch);
  /// Sends a request; the client is not idle until the next ReadyForQuery.
  void request(std::string_view messages);
  /// Sends COPY data or the like.
  void send(std::string_view bytes);

  /// When the connection was begun.
  [[nodiscard]] Clock::time_point connected_at() const noexcept { return connected_at_; }

  // For the work's own use.
  Clock::time_point started_at{};
  std::uint64_t progress = 0;
  /// Rows of COPY FROM STDIN sent since the last CommandComplete.
  std::uint64_t rows_sent = 0;

 private:
  enum class Step : std::uint8_t { connected, tls_answer, handshake, messages };

  bool advance_connection();
  void send_startup();
  bool read_tls_answer();
  bool read_messages(std::string_view input);
  bool take_whole_messages(std::string_view& input);
  bool on_message(char type, std::string_view body);
  bool on_complete(std::string_view tag);
  bool on_authentication(std::string_view body);
  bool on_sasl(std::string_view body);
  bool fail(std::string problem);

  const Endpoint& endpoint_;
  SaltedPasswords& salted_;
  Work& work_;
  Clock::time_point connected_at_ = Clock::now();
  Channel channel_;
  Step step_ = Step::connected;
  bool idle_ = false;
  bool leaving_ = false;
  std::optional<ScramClient> scram_;
  std::string partial_;              ///< a message that came in pieces
  std::uint64_t rows_received_ = 0;  ///< since the last CommandComplete
  std::uint64_t skip_bytes_ = 0;     ///< of a row's body still to come
  std::string problem_;
};

}  // namespace uvb::bench
