#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "pool/ledger.h"
#include "session/welcome.h"

namespace uvb {

/// A ledger among simulated workers with mailboxes that lag, clients that come and go and servers that fail, all by
/// chance. Keeps its own books, in the plainest way, of what every decision means, and complains about each one that
/// breaks a rule.
class LedgerModel {
 public:
  explicit LedgerModel(std::uint64_t seed);
  /// One random event, then all checks.
  void step();
  /// Lets everything that is under way end well. Everybody who waits must be served then.
  void calm_down();
  [[nodiscard]] std::uint64_t served() const { return served_; }
  [[nodiscard]] std::uint64_t handed_over() const { return handed_over_; }

 private:
  static constexpr std::uint32_t kWorkers = 3;
  static constexpr std::uint32_t kControl = kWorkers;  ///< as a caller
  static constexpr std::size_t kPools = 5;

  enum class Client : std::uint8_t { idle, waiting, promised, linked };
  enum class Server : std::uint8_t { login, parked, active, tested, canceled, closing };
  struct ClientBook {
    Client state = Client::idle;
    std::size_t pool = 0;
    WorkerId worker{};
    bool login = false;
    std::string options;
    TimePoint since;
    ConnectionId server = ConnectionId::none;  ///< linked, as the worker knows it
  };
  struct ServerBook {
    Server state = Server::login;
    bool attempt = true;  ///< its login has not ended yet
    std::size_t pool = 0;
    WorkerId owner{};
    std::string options;
    ConnectionId client = ConnectionId::none;  ///< whom the ledger gave it to, until moved()
  };
  enum class Phase : std::uint8_t { connecting, idle, linked, busy };
  struct Mail {
    Action action;
    bool arrival = false;
  };
  using Box = std::deque<Mail>;

  // What the ledger is told.
  void call(std::uint32_t caller, const std::function<void(Actions&)>& use);
  void observe(std::uint32_t caller, const Action& action);
  void observe_link(std::uint32_t caller, const Action& action);
  void observe_launch(const Action& action);
  void take(ConnectionId client);
  void give(std::uint32_t worker, ConnectionId server);
  void remove(std::uint32_t worker, ConnectionId server);

  // What workers do.
  void carry_out(std::uint32_t worker, const Mail& mail);
  void arrive(std::uint32_t worker, const Action& action);
  void link(std::uint32_t worker, const Action& action);
  void cut(ConnectionId server);

  // What happens.
  bool deliver_one();
  void client_event();
  void end_use(ConnectionId client);
  void server_event(bool kindly);
  void end_login(std::uint32_t worker, ConnectionId server, bool kindly);
  void operator_event();
  void resume_everything();
  void change_rules();
  void cancel_event();
  void pass_time();
  ConnectionId new_client();

  // What must hold.
  void check();
  void check_pool(const Ledger::PoolInfo& info, std::size_t pool);
  void check_nobody_starves(std::size_t pool, bool has_used);
  [[nodiscard]] int total(std::size_t pool) const;
  [[nodiscard]] int total_of(const std::string PoolKey::*part, const std::string& name) const;
  [[nodiscard]] int count(std::size_t pool, Server state) const;
  [[nodiscard]] bool paused(std::size_t pool) const;
  [[nodiscard]] std::size_t pool_of(PoolId id) const;
  [[nodiscard]] ConnectionId longest(std::size_t pool, const std::string& options, const WorkerId* worker) const;
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

  std::mt19937_64 random_;
  std::uint64_t last_id_ = 0;
  TimePoint now_{std::chrono::hours(1000)};
  Ledger ledger_;
  std::vector<PoolKey> keys_;
  std::vector<PoolRules> rules_;
  std::vector<PoolId> ids_;
  std::vector<int> cancels_ = std::vector<int>(kPools);
  std::vector<bool> failed_ = std::vector<bool>(kPools);
  std::map<std::string, bool> paused_;
  bool all_paused_ = false;
  std::map<ConnectionId, ClientBook> clients_;
  std::map<ConnectionId, ServerBook> servers_;
  std::vector<std::list<ConnectionId>> queues_{kPools};
  std::vector<std::map<ConnectionId, Phase>> held_{kWorkers};  ///< servers by worker, as that knows them
  std::vector<std::vector<Box>> boxes_;                        ///< by receiver, by sender
  ConnectionId released_ = ConnectionId::none;                 ///< the server the current call gives back
  std::shared_ptr<const Welcome> welcome_ = std::make_shared<const Welcome>();
  std::uint64_t served_ = 0;
  std::uint64_t handed_over_ = 0;
};

}  // namespace uvb
