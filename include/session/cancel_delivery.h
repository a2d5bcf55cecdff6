#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/buffer.h"
#include "session/connector.h"
#include "transport/transport.h"
#include "uv/poll.h"

namespace uvb {

/// How the delivery of a CancelRequest ended.
enum class CancelOutcome : std::uint8_t {
  delivered,
  not_sent,   ///< it can not reach the server any more
  uncertain,  ///< it was sent and given up: the server may act on it yet
};

/// Brings one CancelRequest to a server and waits until the server has closed the connection, which it does after it
/// has acted. Always in plain text (behaviour.md 7). Own thread only.
class CancelDelivery final : public PollListener {
 public:
  /// `done` is called once, never from within the constructor or start(); it may destroy this object.
  CancelDelivery(SessionContext& context, const ServerAddress& address, std::vector<std::uint8_t> key,
                 std::function<void(CancelOutcome)> done);
  ~CancelDelivery() override;

  void start();
  void tick(TimePoint now);
  /// -1 before the connection is made.
  [[nodiscard]] int descriptor() const noexcept { return transport_ ? transport_->descriptor() : -1; }

  void on_ready(Readiness ready, bool error) noexcept override;

 private:
  void on_connected(Result<UniqueFd> result);
  void finish(CancelOutcome outcome);

  SessionContext& context_;
  std::vector<std::uint8_t> key_;
  std::function<void(CancelOutcome)> done_;
  TimePoint started_at_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Transport> transport_;
  std::optional<Poll> poll_;
};

}  // namespace uvb
