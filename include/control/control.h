#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/console.h"
#include "admin/console_host.h"
#include "base/log_process.h"
#include "control/acceptor.h"
#include "control/snapshot_builder.h"
#include "session/context.h"
#include "stats/stats_history.h"
#include "uv/loop.h"
#include "uv/mailbox.h"
#include "uv/signals.h"
#include "uv/timer.h"
#include "worker/control_gate.h"
#include "worker/worker.h"

namespace uvb {

/// The main thread: accepts clients and deals them to the workers, keeps the pools' upkeep ticking, carries out console
/// commands and signals, reloads. Everything but the ControlGate functions belongs to its own thread.
class Control final : public ConsoleHost, public ControlGate {
 public:
  /// What the command line said and no RELOAD changes.
  struct Invocation {
    bool log_to_stderr = true;
    int verbosity = 0;  ///< number of -v
  };
  Control(ProcessLog& log, std::shared_ptr<const Snapshot> snapshot, SnapshotBuilder builder, Ledger& ledger,
          SharedState& shared, Invocation invocation);
  ~Control() override;

  void set_workers(std::vector<Worker*> workers) { workers_ = std::move(workers); }
  void listen(std::vector<ListenSocket> sockets);
  /// Serves until shutdown.
  void run();

  // --- ControlGate: any thread ---
  void console_command(WorkerId worker, ConsoleRequest request) override;
  void console_gone(ConnectionId session) override;
  void console_cancelled(ConnectionId session) override;

  // --- ConsoleHost ---
  [[nodiscard]] std::shared_ptr<const Config> config() const override { return snapshot_->config; }
  [[nodiscard]] std::vector<DatabaseInfo> databases() const override;
  [[nodiscard]] std::vector<std::string> users() const override;
  [[nodiscard]] std::vector<Ledger::PoolInfo> pools() const override { return ledger_.pools(); }
  [[nodiscard]] const StatsHistory& stats() const override { return stats_; }
  [[nodiscard]] ProcessState state() const override { return paused_ ? ProcessState::paused : ProcessState::active; }
  [[nodiscard]] bool shutting_down() const override { return shutdown_.has_value(); }
  [[nodiscard]] bool has_database(const std::string& name) const override;
  bool register_database(const std::string& name) override;
  [[nodiscard]] bool database_paused(const std::string& name) const override { return ledger_.paused(name); }
  [[nodiscard]] bool quiet(const std::string& database) const override { return ledger_.quiet(database); }
  Status reload() override;
  SetResult set(std::string_view key, std::string_view value) override;
  void pause(const std::string& database) override;
  void resume(const std::string& database) override;
  void disable(const std::string& database) override;
  void enable(const std::string& database) override;
  void reconnect(const std::string& database) override;
  void kill(const std::string& database) override;
  void kill_client(ConnectionId client) override;
  void shutdown(ShutdownMode mode) override;

 private:
  using ControlMessage = std::unique_ptr<Message<Control>>;

  /// A census being collected: parts are still missing from `missing` workers.
  struct Collection {
    std::size_t missing = 0;
    Census census;
    std::function<void(Census&&)> done;
  };

  template <class F>
  void tell_workers(F action) {
    for (Worker* worker : workers_) worker->post_call(action);
  }
  void deal(UniqueFd descriptor, std::unique_ptr<ClientAddress> address);
  void dispatch(Actions& actions);
  void tick();
  void check_shutdown();
  void on_signal(int number);
  void signal_shutdown(ShutdownMode mode, std::string_view name, std::string_view waiting_for);
  void run_command(WorkerId worker, ConsoleRequest request, const Census* census);
  void answer(std::vector<ConsoleAnswer> answers);
  void poll_console();
  void collect(Gather wanted, std::function<void(Census&&)> done);
  void collected(std::uint64_t ticket, Census part);
  void rotate_stats();
  void refresh_min_pools();

  // control_reload.cc
  Result<Config> reload_config();
  [[nodiscard]] LogTargets current_log_targets() const;
  void reopen_log();
  Status swap(std::shared_ptr<const Config> config, Reread reread);
  void hand_out_snapshot();
  void apply_to_process(const Settings& settings);
  void compare_databases(const Config& before, const Config& after);
  void compare_users(const UserSecrets& before, const UserSecrets& after);
  void drop_database(const std::string& name);
  void forget_database(const std::string& name);
  [[nodiscard]] std::map<std::string, bool> autodbs_in_use() const;
  void drop_idle_autodbs(TimePoint now);
  /// What is known of the database lasts until it is dropped.
  DatabaseState& keep(const std::string& name);
  void keep_listed();
  void refresh_rules();

  ProcessLog& log_;
  std::shared_ptr<const Snapshot> snapshot_;
  SnapshotBuilder builder_;
  Ledger& ledger_;
  SharedState& shared_;
  std::vector<Worker*> workers_;
  Loop loop_;
  Mailbox<ControlMessage> mailbox_;
  Console console_;
  StatsHistory stats_;
  std::optional<Acceptor> acceptor_;
  std::optional<Signals> signals_;
  std::optional<Timer> ticker_;
  std::optional<Timer> stats_timer_;
  Timer console_timer_;
  Invocation invocation_;
  bool paused_ = false;
  std::optional<ShutdownMode> shutdown_;
  std::map<ConnectionId, WorkerId> console_workers_;
  std::map<std::uint64_t, Collection> collections_;
  /// Of the listed databases, and of those of the `*` line that a command was about; others last as long as somebody
  /// uses them.
  std::map<std::string, std::shared_ptr<DatabaseState>> kept_;
  std::map<std::string, TimePoint> idle_autodbs_;  ///< since when nobody uses them
  std::uint64_t last_ticket_ = 0;
};

/// Where `settings` say that log lines go.
LogTargets log_targets(const Settings& settings, bool to_stderr);

}  // namespace uvb
