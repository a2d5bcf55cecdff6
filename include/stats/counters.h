#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace uvb {

/// What a pool has done since it exists, as one worker counts it (admin-console.md 2.16). Times in microseconds,
/// traffic in bytes. Written by one thread; others get copies.
struct Counters {
  std::uint64_t server_assignment_count = 0;  ///< an idle server was linked to a client
  std::uint64_t xact_count = 0;
  std::uint64_t query_count = 0;
  std::uint64_t received = 0;  ///< from clients, forwarded
  std::uint64_t sent = 0;      ///< from servers, read
  std::uint64_t xact_time = 0;
  std::uint64_t query_time = 0;
  std::uint64_t wait_time = 0;  ///< in the queue, added when a server was got
  std::uint64_t client_parse_count = 0;
  std::uint64_t server_parse_count = 0;
  std::uint64_t bind_count = 0;
  std::uint64_t client_login_count = 0;

  Counters& operator+=(const Counters& other) noexcept;
  bool operator==(const Counters&) const = default;
};

/// Every member, in the order SHOW STATS has them.
inline constexpr std::array kCounterMembers = {
    &Counters::server_assignment_count,
    &Counters::xact_count,
    &Counters::query_count,
    &Counters::received,
    &Counters::sent,
    &Counters::xact_time,
    &Counters::query_time,
    &Counters::wait_time,
    &Counters::client_parse_count,
    &Counters::server_parse_count,
    &Counters::bind_count,
    &Counters::client_login_count,
};

/// What happened between `base` and `current`, two copies of the same counters. When any of them went back, the pool
/// was made anew in between, and all of `current` happened since.
[[nodiscard]] Counters growth(const Counters& base, const Counters& current) noexcept;

/// One pool's counters, as gathered for a console or a snapshot.
struct PoolCounters {
  std::string database;
  std::string user;
  Counters counters;
};

}  // namespace uvb
