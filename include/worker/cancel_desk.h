#pragma once

#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "admin/census.h"
#include "session/cancel_delivery.h"
#include "session/client.h"
#include "worker/worker.h"

namespace uvb {

/// A worker's part in query cancels (behaviour.md 7): as the one whose client asked, it finds out whose key it is; as
/// the one whose client is meant, it brings the request to that client's server. Own thread only.
class CancelDesk {
 public:
  explicit CancelDesk(Worker& worker) : worker_(worker) {}

  /// A client of ours sent a CancelRequest: every worker is asked whose key it is.
  void ask(ConnectionId requester, const ClientSession::Key& key);
  /// Another worker's (or our) answer: `found` ends the search; `reason` ends the requester, empty: later.
  void answered(ConnectionId requester, bool found, const std::string& reason);
  /// Looks for the key among our clients, and delivers.
  void find(const std::unordered_map<ConnectionId, std::unique_ptr<ClientSession>>& clients,
            const ClientSession::Key& key, WorkerId origin, ConnectionId requester);
  void tick(TimePoint now);
  void clear();
  /// Adds the requests for our clients and the connections that deliver them.
  void describe(Census& census, Gather wanted, TimePoint now, WallTime wall) const;

 private:
  struct Job {
    WorkerId origin{};
    ConnectionId requester = ConnectionId::none;
    ConnectionId client = ConnectionId::none;
    ConnectionId server = ConnectionId::none;
    PoolId pool{};
    PoolKey key;
    TimePoint since;
  };
  struct Running {
    Job job;
    ConnectionId id = ConnectionId::none;
    ServerAddress address;
    TimePoint since;
    std::unique_ptr<CancelDelivery> delivery;
    bool over = false;
  };

  void reply(const Job& job, bool found, const char* reason);
  [[nodiscard]] const char* refusal(const ClientSession& client) const;
  void start_waiting();
  bool start(const Job& job);
  static SocketRow describe(const Running& running, TimePoint now, WallTime wall);
  void finished(Running& running, CancelOutcome outcome);

  Worker& worker_;
  std::unordered_map<ConnectionId, std::size_t> unanswered_;
  std::set<ConnectionId> matched_;  ///< requesters whose key was found while answers are still missing
  std::vector<Job> waiting_;
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace uvb
