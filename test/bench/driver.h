#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "client.h"

namespace uvb::bench {

/// The load generator's loop: owns the clients and polls them. One thread.
class Driver {
 public:
  /// `work` and `endpoint` must outlive the driver.
  Driver(const Endpoint& endpoint, Work& work);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// Starts one more client.
  void connect();
  /// Polls until `done` holds, `deadline` has passed or a client failed. `tick` runs once a turn, may start
  /// requests, and says when it wants to run again at the latest.
  void run(Clock::time_point deadline, const std::function<bool()>& done,
           const std::function<Clock::time_point(Clock::time_point)>& tick);
  /// To be called after using a client outside its own events.
  void settle(Client& client);
  /// Stops (or resumes) polling for input; a paused client is read by read_once() only.
  void set_reading(Client& client, bool reading);
  void for_each(const std::function<void(Client&)>& action);

  [[nodiscard]] std::size_t clients() const noexcept { return connections_.size(); }
  [[nodiscard]] std::span<char> scratch() noexcept { return scratch_; }
  /// Why the first failing client failed; empty when none has.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Connection {
    std::unique_ptr<Client> client;
    std::uint32_t mask = 0;
    bool reading = true;
  };

  void poll(Clock::time_point until);
  void update_interest(Connection& connection, int operation);
  void drop(int fd);

  const Endpoint& endpoint_;
  Work& work_;
  SaltedPasswords salted_;
  int epoll_;
  std::vector<char> scratch_;
  std::unordered_map<int, Connection> connections_;
  std::string problem_;
};

}  // namespace uvb::bench
