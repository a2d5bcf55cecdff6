#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "auth/server_authenticator.h"
#include "base/clock.h"
#include "base/guarded.h"

namespace uvb {

/// Which authentication the servers of one database want, and who is asking them. Any thread.
class AuthKinds {
 public:
  /// How long a login waits for the answer, from the moment the question was put.
  static constexpr Micros kPatience = std::chrono::seconds(3);
  /// How long nobody asks again when no answer came.
  static constexpr Micros kPause = std::chrono::seconds(1);

  /// What `user` was asked last; as long as that is not known, what anybody was asked last.
  [[nodiscard]] ServerAuthKind of(const std::string& user) const;
  void learn(const std::string& user, ServerAuthKind kind);
  /// The database is another one now.
  void forget();

  enum class Turn : std::uint8_t {
    ask,    ///< the caller has to ask now and to call answered() in the end
    wait,   ///< somebody else is asking
    go_on,  ///< there will be no answer soon
  };
  /// What is up to a login that has to know the kind.
  [[nodiscard]] Turn turn(TimePoint now);
  /// The question is over, with or without an answer.
  void answered(TimePoint now);

 private:
  struct State {
    std::map<std::string, ServerAuthKind> by_user;
    ServerAuthKind last = ServerAuthKind::unknown;
    bool asking = false;
    TimePoint asked_at;
    TimePoint over_at;
  };
  Guarded<State> state_;
};

}  // namespace uvb
