#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "driver.h"

namespace uvb::bench {

/// What the load generator was asked for on its command line.
struct LoadOptions {
  std::string kind = "query";   ///< query, copy-out, copy-in, connect, slow, burst
  std::string mode = "simple";  ///< of query: simple, extended, prepared
  unsigned clients = 1;
  double rate = 0;          ///< per second over all clients (slow: bytes per second); 0: as fast as it goes
  double seconds = 1;       ///< length of the measured window
  double warmup = 0.2;      ///< seconds before it
  std::uint64_t count = 0;  ///< do exactly so many units per window instead
  std::uint32_t row_bytes = 1000;
  std::uint64_t rows = 65536;  ///< per COPY or result
  int watch_pid = 0;           ///< process whose CPU time is measured over the window
  bool step = false;           ///< a window per line "go" on standard input; any other line ends
};

/// Counts what is done inside the measured window.
struct Meter {
  bool on = false;
  std::uint64_t units = 0;
  std::uint64_t bytes = 0;
  std::vector<std::uint32_t> latencies_ns;

  void unit(Clock::duration latency);
};

/// A kind of load: opens its clients, keeps them busy, lets them go.
class Scenario : public Work {
 public:
  Scenario(const LoadOptions& options, Meter& meter) : options_(options), meter_(meter) {}

  /// The driver that runs this scenario; given once, before anything else.
  void attach(Driver& driver) noexcept { driver_ = &driver; }
  /// Starts logging in; tick() goes on with it until opened().
  virtual void open();
  [[nodiscard]] virtual bool opened() const { return ready_ == options_.clients; }
  /// Begins the load; with a fixed count, called for every window.
  void begin();
  /// Once per turn of the loop; answers when it is needed again at the latest.
  virtual Clock::time_point tick(Clock::time_point) { return Clock::time_point::max(); }
  /// Whether the load is over by itself.
  [[nodiscard]] virtual bool ended() const { return false; }
  /// No new requests from now on.
  void stop() noexcept { stopping_ = true; }
  /// Whether every client waits for nothing.
  [[nodiscard]] bool quiet();
  /// Closes every connection politely.
  void leave();

  void on_ready(Client& client) override;
  void on_bytes(std::size_t count) override { meter_.bytes += count; }

 protected:
  /// Gets the clients going.
  virtual void on_begin() = 0;
  /// Asks for leave to start one more unit, which counts as started.
  bool start_unit();
  [[nodiscard]] bool stopped() const noexcept { return stopping_; }
  /// A client finished a request after begin().
  virtual void on_reply(Client& client) = 0;
  /// Messages that prepare a fresh connection, ending with a ReadyForQuery; empty: nothing to prepare.
  [[nodiscard]] virtual std::string preparation() const { return {}; }

  const LoadOptions& options_;
  Meter& meter_;
  Driver* driver_ = nullptr;
  bool running_ = false;

 private:
  std::uint64_t started_ = 0;
  bool stopping_ = false;
  unsigned asked_ = 0;
  unsigned ready_ = 0;
};

/// Null when the options name no known kind or mode.
std::unique_ptr<Scenario> make_scenario(const LoadOptions& options, Meter& meter);

}  // namespace uvb::bench
