#pragma once

#include "base/clock.h"

namespace uvb {

/// How much TLS handshaking a worker may do on its own loop, where it costs two changes of threads less than in the
/// crypto pool. Nobody's queries are to wait for it: there is little in each turn, and none at all while clients that
/// stay say something, or for some seconds after two steps in a row that took long. Own thread only.
class HandshakeBudget {
 public:
  /// Whether a step may be done on the loop now; how long it takes is known only afterwards, see spend().
  [[nodiscard]] bool any_left() const noexcept { return open_ && left_ > Micros{}; }
  /// A step took `cpu` of the thread's time.
  void spend(Micros cpu, TimePoint now) noexcept;
  void new_turn() noexcept { left_ = kPerTurn; }
  /// A client that stays has a query: none before the next tick().
  void client_speaks() noexcept { open_ = false; }
  /// Now and then. `clients_speak`: one that stays said or was told something since the last call.
  void tick(bool clients_speak, TimePoint now) noexcept;

 private:
  /// Two or three signatures of a 2048 bit RSA key.
  static constexpr Micros kPerTurn{1000};

  Micros left_ = kPerTurn;
  bool open_ = true;
  int long_in_a_row_ = 0;
  TimePoint barred_until_;
};

}  // namespace uvb
