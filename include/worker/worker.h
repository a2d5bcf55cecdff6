#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "admin/census.h"
#include "admin/console_reply.h"
#include "base/unique_fd.h"
#include "pool/ledger.h"
#include "session/client.h"
#include "session/context.h"
#include "session/server.h"
#include "uv/crypto_pool.h"
#include "uv/loop.h"
#include "uv/mailbox.h"
#include "uv/timer.h"
#include "uv/turn_hook.h"
#include "worker/control_gate.h"
#include "worker/message.h"

namespace uvb {

class CancelDesk;
class Worker;
using WorkerMessage = std::unique_ptr<Message<Worker>>;

/// What all workers share; made by main, outlives them.
struct WorkerCommons {
  Ledger& ledger;
  SharedState& shared;
  StatementRegistry& statements;
  const VariableTable& variables;
  Log& log;
  ControlGate& control;
  CryptoThreads& crypto;
  std::vector<Worker*> workers;  ///< by WorkerId; complete before the first thread starts
};

/// One thread with its loop, its connections and its views of the pools. Other threads only post messages. All public
/// functions but post(), start(), join() and client_count() belong to the worker's own thread.
class Worker final : public SessionServices {
 public:
  Worker(WorkerId id, WorkerCommons& commons, std::shared_ptr<const Snapshot> snapshot);
  ~Worker() override;

  // --- any thread ---
  void start();
  void join();
  void post(WorkerMessage message);
  template <class F>
  void post_call(F action) {
    post(make_message<Worker>(std::move(action)));
  }
  /// Connections dealt to this worker; the control thread counts one up when it deals one.
  [[nodiscard]] std::atomic<int>& client_count() noexcept { return client_count_; }

  // --- messages from control ---
  void adopt_client(UniqueFd descriptor, std::unique_ptr<ClientAddress> address);
  void apply_snapshot(std::shared_ptr<const Snapshot> snapshot);
  void carry_out(const Action& action);
  /// Ends every client of `database` (of all but the console when empty) with FATAL `reason`.
  void drop_clients(const std::string& database, const std::string& reason);
  void drop_pool(PoolId pool);
  void kill_client(ConnectionId client);
  void console_answer(ConnectionId session, ConsoleReply reply);
  /// A console session said something for the first time (admin-console.md 2.16).
  void count_console_query() noexcept;
  [[nodiscard]] Census census(Gather wanted);
  void stop();

  // --- messages from other workers ---
  void adopt_server(std::unique_ptr<ServerSession> server, PoolId pool, ConnectionId client,
                    const std::shared_ptr<const DatabaseConfig>& config, const std::string& user);
  void find_cancel(const ClientSession::Key& key, WorkerId origin, ConnectionId requester);
  void cancel_answered(ConnectionId requester, bool found, const std::string& reason);

  // --- SessionServices ---
  PoolView& open_pool(const std::shared_ptr<const DatabaseConfig>& config, const std::string& user) override;
  void client_joined(ClientSession& client) override;
  TakeOutcome take(ClientSession& client, std::string& error) override;
  TakeOutcome await_welcome(ClientSession& client, std::string& error) override;
  void cancel_wait(ClientSession& client) override;
  void server_logged_in(ServerSession& server, std::shared_ptr<const Welcome> welcome) override;
  void server_login_failed(ServerSession& server, const LoginFailure& failure) override;
  void server_tested(ServerSession& server) override;
  void server_held(ServerSession& server) override;
  void server_free(ServerSession& server) override;
  bool server_close_needed(const ServerSession& server) override;
  void retire(ClientSession& client) override;
  void retire(ServerSession& server) override;
  void cancel(ClientSession& requester, ByteView key) override;
  [[nodiscard]] bool stopped(const std::string& database) const override;
  void probe(const std::shared_ptr<const DatabaseConfig>& config, const std::string& user) override;
  std::unique_ptr<ConsoleBackend> open_console(ClientSession& client, bool admin, const VariableValues& asked) override;

  [[nodiscard]] WorkerId id() const noexcept { return id_; }
  [[nodiscard]] WorkerCommons& commons() noexcept { return commons_; }
  [[nodiscard]] SessionContext& context() noexcept { return *context_; }
  ServerSession* find_server(ConnectionId id);
  ClientSession* find_client(ConnectionId id);
  Actions& actions() noexcept { return actions_; }

 private:
  void run();
  void tick();
  /// What sessions asked for in this turn: the ledger's actions, and the end of retired sessions.
  void settle();
  PoolView* view(PoolId pool);
  void refresh_rules(PoolView& view);
  void forget_old_views();
  void tell_refusals();
  void watch_traffic(const std::vector<ClientSession*>& clients, TimePoint now);
  void learn(PoolView& view, const std::shared_ptr<const Welcome>& welcome);
  Waiter waiter_for(const ClientSession& client, bool login) const;

  void launch(const Action& action);
  void serve(ServerSession* server, PoolId pool, ConnectionId server_id, ConnectionId client);
  void hand_over(const Action& action);
  ClientSession* waiting_client(ConnectionId id);
  void lend(ServerSession& server, ConnectionId client);
  void probe_ended(ServerSession& server);
  void close_everything();

  WorkerId id_;
  WorkerCommons& commons_;
  std::atomic<int> client_count_{0};
  std::thread thread_;

  std::vector<std::uint8_t> clear_memory_;
  std::vector<std::uint8_t> cipher_memory_;
  Loop loop_;
  CryptoPool crypto_;
  Mailbox<WorkerMessage> mailbox_;
  std::optional<Timer> ticker_;
  std::optional<TurnHook> turn_;
  std::unique_ptr<SessionContext> context_;

  std::map<PoolKey, std::unique_ptr<PoolView>> views_;
  Counters console_counters_;
  std::unordered_map<std::uint32_t, PoolView*> views_by_id_;
  std::vector<std::unique_ptr<PoolView>> old_views_;  ///< of pools that went while sessions still pointed to them
  std::unordered_map<ConnectionId, std::unique_ptr<ClientSession>> clients_;
  std::unordered_map<ConnectionId, std::unique_ptr<ServerSession>> servers_;
  std::unordered_map<ConnectionId, std::unique_ptr<PoolView>> probes_;
  std::vector<std::unique_ptr<ClientSession>> retired_clients_;
  std::vector<std::unique_ptr<ServerSession>> retired_servers_;
  std::unique_ptr<CancelDesk> cancels_;
  Actions actions_;
  Actions running_;
  std::size_t left_since_trim_ = 0;
  std::uint64_t refusals_told_ = 0;
  TimePoint last_tick_;
};

}  // namespace uvb
