#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cache_line.h"
#include "base/clock.h"
#include "base/ids.h"
#include "connection_group.h"
#include "pool/intrusive_list.h"

namespace uvb {

struct WaitEntry;

/// What the ledger thinks a server connection is doing; the worker may be a mailbox behind.
enum class ServerState : std::uint8_t {
  login,           ///< launched; outcome awaited
  idle,            ///< in the idle list of its worker
  used,            ///< idle, but to be checked first
  active,          ///< with a client, or under way to one
  tested,          ///< running its reset or check query
  being_canceled,  ///< held back by a cancel in flight
  closing,         ///< told to close; removed() awaited
};

/// One server connection.
struct alignas(kCacheLine) ServerEntry {
  PoolBooks* pool = nullptr;
  WaitEntry* promised = nullptr;  ///< whom a hand_over under way is for
  ListLink<ServerEntry> link;     ///< idle or used list
  TimePoint launched;
  TimePoint last_activity;           ///< when it was last given back, or put to a check
  std::uint64_t released_order = 0;  ///< grows with every way into the idle list
  WorkerId owner{};
  ServerState state = ServerState::login;
  bool close_needed = false;
  ConnectionId id = ConnectionId::none;
  std::string options;
  const char* close_reason = nullptr;  ///< while closing
  std::size_t index = 0;               ///< own place in the set
};

/// The servers of one pool: owns the entries, counts them by state, keeps the idle and used lists, and keeps the totals
/// of the pool's database and user right.
class ServerSet {
 public:
  ServerSet(ConnectionGroup& database, ConnectionGroup& user, std::uint32_t workers)
      : database_(database), user_(user), idle_(workers) {}

  ServerEntry& add(std::unique_ptr<ServerEntry> server);
  void remove(ServerEntry& server) noexcept;
  /// For every way but into the idle list. Into used, it goes to the end.
  void set_state(ServerEntry& server, ServerState state) noexcept;
  /// Into the idle list: to the end when the oldest is to be reused first (round robin), else to the front.
  void set_idle(ServerEntry& server, bool round_robin) noexcept;
  void add_cancel() noexcept { count_cancel(1); }
  void remove_cancel() noexcept { count_cancel(-1); }

  /// An idle server started with `options`: the first in the list of `worker`, else the best of another worker. Null
  /// when there is none.
  [[nodiscard]] ServerEntry* pick_idle(WorkerId worker, const std::string& options, bool round_robin) const noexcept;
  /// The used server started with `options` that was put aside first; null when there is none.
  [[nodiscard]] ServerEntry* pick_used(const std::string& options) const noexcept;

  [[nodiscard]] const std::vector<std::unique_ptr<ServerEntry>>& all() const noexcept { return servers_; }
  [[nodiscard]] int count(ServerState state) const noexcept { return counts_[static_cast<std::size_t>(state)]; }
  [[nodiscard]] int cancels() const noexcept { return cancels_; }
  /// Logged in and not being closed.
  [[nodiscard]] int connected() const noexcept;
  /// Every connection there is, those that deliver cancels and those being closed included.
  [[nodiscard]] int total() const noexcept { return static_cast<int>(servers_.size()) + cancels_; }

 private:
  using List = IntrusiveList<ServerEntry, &ServerEntry::link>;
  void leave_state(ServerEntry& server) noexcept;
  void enter_state(ServerEntry& server, ServerState state) noexcept;
  void count_cancel(int change) noexcept;

  ConnectionGroup& database_;
  ConnectionGroup& user_;
  std::vector<std::unique_ptr<ServerEntry>> servers_;
  std::array<int, 7> counts_{};
  int cancels_ = 0;
  std::uint64_t releases_ = 0;
  std::vector<List> idle_;  ///< by worker
  List used_;
};

}  // namespace uvb
