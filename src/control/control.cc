#include "control/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "worker/pool_rules.h"

namespace uvb {

namespace {
constexpr std::chrono::milliseconds kTick{333};
// How soon a blocked console command notices that its condition has come.
constexpr std::chrono::milliseconds kConsolePoll{5};
}  // namespace

Control::Control(ProcessLog& log, std::shared_ptr<const Snapshot> snapshot, SnapshotBuilder builder, Ledger& ledger,
                 SharedState& shared, Invocation invocation)
    : log_(log),
      snapshot_(std::move(snapshot)),
      builder_(std::move(builder)),
      ledger_(ledger),
      shared_(shared),
      mailbox_(loop_, [this](ControlMessage&& message) { message->run(*this); }),
      console_(*this, log),
      stats_(Loop::now()),
      console_timer_(loop_, [this] { poll_console(); }),
      invocation_(invocation) {
  // From the first moment on: whoever reads "process up" may send one.
  signals_.emplace(loop_, std::vector<int>{SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2},
                   [this](int number) { on_signal(number); });
}

Control::~Control() = default;

void Control::listen(std::vector<ListenSocket> sockets) {
  acceptor_.emplace(loop_, log_, std::move(sockets),
                    [this](UniqueFd descriptor, std::unique_ptr<ClientAddress> address) {
                      deal(std::move(descriptor), std::move(address));
                    });
  acceptor_->set_options(tcp_options(snapshot_->config->settings));
}

void Control::run() {
  ticker_.emplace(loop_, [this] { tick(); });
  ticker_->start_every(kTick);
  stats_timer_.emplace(loop_, [this] { rotate_stats(); });
  stats_timer_->start_every(std::chrono::seconds(std::max(1, snapshot_->config->settings.stats_period)));
  keep_listed();
  refresh_min_pools();
  loop_.run();
  acceptor_.reset();
  ticker_.reset();
  stats_timer_.reset();
}

void Control::deal(UniqueFd descriptor, std::unique_ptr<ClientAddress> address) {
  const auto least = std::min_element(workers_.begin(), workers_.end(), [](Worker* left, Worker* right) {
    return left->client_count().load(std::memory_order_relaxed) < right->client_count().load(std::memory_order_relaxed);
  });
  (*least)->client_count().fetch_add(1, std::memory_order_relaxed);
  shared_.clients.join(0);
  (*least)->post_call([fd = std::move(descriptor), address = std::move(address)](Worker& worker) mutable {
    worker.adopt_client(std::move(fd), std::move(address));
  });
}

void Control::dispatch(Actions& actions) {
  for (const Action& action : actions) {
    workers_[number(action.worker)]->post_call([action](Worker& worker) { worker.carry_out(action); });
  }
  actions.clear();
}

void Control::tick() {
  const TimePoint now = Loop::now();
  Actions actions;
  ledger_.tick(now, actions);
  dispatch(actions);
  for (const Ledger::DroppedPool& pool : ledger_.drop_unused(now)) {
    log_.log(fmt::format("cleaning up idle pool for user {} on db {} because: pool idle timeout (age= {}s)",
                         pool.key.user, pool.key.database,
                         std::chrono::duration_cast<std::chrono::seconds>(pool.age).count()));
    tell_workers([id = pool.id](Worker& worker) { worker.drop_pool(id); });
    shared_.forget_pool_secrets(pool.key.database, pool.key.user);
  }
  drop_idle_autodbs(now);
  poll_console();
  check_shutdown();
}

// --- shutdown and signals --------------------------------------------------------------------------------------------

void Control::shutdown(ShutdownMode mode) {
  shutdown_ = mode;
  if (mode == ShutdownMode::immediate) return loop_.stop();
  shared_.shutting_down.store(true);
  if (acceptor_) acceptor_->close_tcp();
  if (mode != ShutdownMode::wait_for_servers) return;
  paused_ = true;
  Actions actions;
  ledger_.shut_down(Loop::now(), actions);
  dispatch(actions);
}

void Control::check_shutdown() {
  if (shutdown_ == ShutdownMode::wait_for_servers && ledger_.servers() == 0) {
    log_.log("server connections dropped, exiting");
    loop_.stop();
  }
  if (shutdown_ == ShutdownMode::wait_for_clients && shared_.clients.value() == 0) {
    log_.log("client connections dropped, exiting");
    loop_.stop();
  }
}

void Control::signal_shutdown(ShutdownMode mode, std::string_view name, std::string_view waiting_for) {
  if (shutdown_) {
    log_.log(fmt::format("got {} while shutting down, fast exit", name));
    return loop_.stop();
  }
  log_.log(fmt::format("got {}, shutting down, waiting for all {}", name, waiting_for));
  shutdown(mode);
}

void Control::on_signal(int number) {
  switch (number) {
    case SIGTERM: return signal_shutdown(ShutdownMode::wait_for_clients, "SIGTERM", "clients disconnect");
    case SIGINT: return signal_shutdown(ShutdownMode::wait_for_servers, "SIGINT", "servers connections to be released");
    case SIGQUIT: log_.log("got SIGQUIT, fast exit"); return loop_.stop();
    case SIGHUP:
      log_.log("got SIGHUP, re-reading config");
      // The reasons of a failure are in the log already, and nobody else is there to be told.
      static_cast<void>(reload());
      return;
    case SIGUSR1:
      log_.log(paused_ ? "got SIGUSR1, but already paused/suspended" : "got SIGUSR1, pausing all activity");
      if (!paused_) pause("");
      return;
    default:
      if (shutdown_) return log_.log("got SIGUSR2 while shutting down, ignoring");
      log_.log(paused_ ? "got SIGUSR2, continuing from PAUSE" : "got SIGUSR2, but not paused/suspended");
      if (paused_) resume("");
      return;
  }
}

// --- console ---------------------------------------------------------------------------------------------------------

void Control::console_command(WorkerId worker, ConsoleRequest request) {
  mailbox_.post(make_message<Control>([worker, request = std::move(request)](Control& control) mutable {
    control.run_command(worker, std::move(request), nullptr);
  }));
}

void Control::console_gone(ConnectionId session) {
  mailbox_.post(make_message<Control>([session](Control& control) {
    control.console_.forget(session);
    control.console_workers_.erase(session);
  }));
}

void Control::console_cancelled(ConnectionId session) {
  mailbox_.post(
      make_message<Control>([session](Control& control) { control.answer(control.console_.cancel(session)); }));
}

void Control::run_command(WorkerId worker, ConsoleRequest request, const Census* census) {
  console_workers_[request.session] = worker;
  ConsoleStep step = console_.run(request, Loop::now(), wall_now(), census);
  if (step.reply) {
    std::vector<ConsoleAnswer> answers;
    answers.push_back({request.session, std::move(*step.reply)});
    answer(std::move(answers));
  } else if (step.gather != Gather::nothing) {
    collect(step.gather,
            [this, worker, request = std::move(request)](Census&& whole) { run_command(worker, request, &whole); });
    return;
  }
  poll_console();
  if (console_.waiting()) console_timer_.start_every(kConsolePoll);
}

void Control::poll_console() {
  answer(console_.poll());
  if (!console_.waiting()) console_timer_.stop();
}

void Control::answer(std::vector<ConsoleAnswer> answers) {
  for (ConsoleAnswer& one : answers) {
    const auto worker = console_workers_.find(one.session);
    if (worker == console_workers_.end()) continue;
    workers_[number(worker->second)]->post_call(
        [session = one.session, reply = std::move(one.reply)](Worker& there) mutable {
          there.console_answer(session, std::move(reply));
        });
  }
}

void Control::collect(Gather wanted, std::function<void(Census&&)> done) {
  const std::uint64_t ticket = ++last_ticket_;
  collections_[ticket] = {workers_.size(), {}, std::move(done)};
  tell_workers([this, ticket, wanted](Worker& worker) {
    mailbox_.post(make_message<Control>([ticket, part = worker.census(wanted)](Control& control) mutable {
      control.collected(ticket, std::move(part));
    }));
  });
}

void Control::collected(std::uint64_t ticket, Census part) {
  const auto found = collections_.find(ticket);
  if (found == collections_.end()) return;
  found->second.census.merge(std::move(part));
  if (--found->second.missing > 0) return;
  Collection whole = std::move(found->second);
  collections_.erase(found);
  whole.census.place_cancels();
  whole.done(std::move(whole.census));
}

void Control::rotate_stats() {
  collect(Gather::counts, [this](Census&& census) {
    stats_.rotate(census.counters, Loop::now());
    if (snapshot_->config->settings.log_stats) log_.log(stats_line(stats_.last_period()));
  });
}

// --- operators -------------------------------------------------------------------------------------------------------

void Control::pause(const std::string& database) {
  Actions actions;
  if (database.empty()) {
    paused_ = true;
    ledger_.pause_all(Loop::now(), actions);
  } else {
    keep(database);
    ledger_.pause(database, Loop::now(), actions);
  }
  dispatch(actions);
}

void Control::resume(const std::string& database) {
  Actions actions;
  if (database.empty()) {
    paused_ = false;
    ledger_.resume_all(Loop::now(), actions);
  } else {
    ledger_.resume(database, Loop::now(), actions);
  }
  dispatch(actions);
}

void Control::disable(const std::string& database) { keep(database).disabled.store(true); }

void Control::enable(const std::string& database) { keep(database).disabled.store(false); }

void Control::reconnect(const std::string& database) {
  Actions actions;
  ledger_.reconnect(database, Loop::now(), actions);
  dispatch(actions);
}

void Control::kill(const std::string& database) {
  std::vector<std::string> affected{database};
  if (database.empty()) {
    affected.clear();
    for (const Ledger::PoolInfo& pool : ledger_.pools()) affected.push_back(pool.key.database);
  }
  for (const std::string& name : affected) {
    drop_database(name);
    pause(name);
  }
}

void Control::drop_database(const std::string& name) {
  Actions actions;
  std::vector<PoolId> gone;
  for (const Ledger::PoolInfo& pool : ledger_.pools()) {
    if (pool.key.database == name) gone.push_back(pool.id);
  }
  ledger_.kill(name, "database removed", Loop::now(), actions);
  dispatch(actions);
  shared_.forget_secrets(name);
  tell_workers([name, gone](Worker& worker) {
    worker.drop_clients(name, "database removed");
    for (const PoolId pool : gone) worker.drop_pool(pool);
  });
}

void Control::kill_client(ConnectionId client) {
  tell_workers([client](Worker& worker) { worker.kill_client(client); });
}

}  // namespace uvb
