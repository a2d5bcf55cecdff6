// What a transaction pays for the ledger: take() and give(), alone, with a queue, and with threads in each other's way.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "pool/ledger.h"
#include "session/welcome.h"

namespace uvb {
namespace {

constexpr TimePoint kNow{std::chrono::hours(1000)};

Waiter waiter_of(WorkerId worker, ConnectionId client) { return {worker, false, {}, client, kNow, kNow}; }

/// A pool of logged-in idle servers, the same number for each worker.
class WarmLedger {
 public:
  WarmLedger(std::uint32_t workers, int servers_each, int pool_size) {
    ledger_ = std::make_unique<Ledger>(workers, [this] { return static_cast<ConnectionId>(++last_id_); });
    PoolRules rules;
    rules.pool_size = pool_size;
    rules.server_lifetime = std::chrono::hours(1);
    pool_ = ledger_->open({"db", "app"}, rules);
    for (std::uint32_t worker = 0; worker < workers; ++worker) open(static_cast<WorkerId>(worker), servers_each);
    Actions none;
    for (const ConnectionId server : opened_) ledger_->give(pool_, server, kNow, none);
  }

  Ledger& ledger() { return *ledger_; }
  [[nodiscard]] PoolId pool() const { return pool_; }
  ConnectionId next_id() { return static_cast<ConnectionId>(++last_id_); }

 private:
  /// They stay with their clients, so that the next worker's clients need servers of their own.
  void open(WorkerId worker, int servers) {
    Actions actions;
    for (int i = 0; i < servers; ++i) {
      actions.clear();
      ledger_->take(pool_, waiter_of(worker, next_id()), kNow, actions);
      opened_.push_back(actions.at(0).server);
      ledger_->login_succeeded(pool_, opened_.back(), std::make_shared<const Welcome>(), kNow, actions);
    }
  }

  std::uint64_t last_id_ = 0;
  std::unique_ptr<Ledger> ledger_;
  PoolId pool_ = PoolId::none;
  std::vector<ConnectionId> opened_;
};

void BM_TakeAndGive(benchmark::State& state) {
  WarmLedger warm(1, static_cast<int>(state.range(0)), 100);
  const Waiter waiter = waiter_of(WorkerId{0}, warm.next_id());
  Actions actions;
  for (auto _ : state) {
    const TakeResult result = warm.ledger().take(warm.pool(), waiter, kNow, actions);
    warm.ledger().give(warm.pool(), result.server, kNow, actions);
  }
  if (!actions.empty()) state.SkipWithError("took a server that was not idle");
}
BENCHMARK(BM_TakeAndGive)->Arg(1)->Arg(16)->Arg(100);

/// Each round one client queues and the server given back is served to the longest waiter.
void BM_QueueAndServe(benchmark::State& state) {
  WarmLedger warm(1, 1, 1);
  std::vector<ConnectionId> clients;
  for (std::int64_t i = 0; i <= state.range(0); ++i) clients.push_back(warm.next_id());
  Actions actions;
  ConnectionId server = ConnectionId::none;
  for (const ConnectionId client : clients) {
    const TakeResult result = warm.ledger().take(warm.pool(), waiter_of(WorkerId{0}, client), kNow, actions);
    if (result.status == TakeStatus::granted) server = result.server;
  }
  std::size_t at = 0;
  for (auto _ : state) {
    actions.clear();
    warm.ledger().give(warm.pool(), server, kNow, actions);
    warm.ledger().take(warm.pool(), waiter_of(WorkerId{0}, clients[at]), kNow, actions);
    at = (at + 1) % clients.size();
  }
  if (actions.size() != 1) state.SkipWithError("the waiter was not served");
}
BENCHMARK(BM_QueueAndServe)->Arg(1)->Arg(48)->Arg(1000);

/// Threads that are workers, each with servers of its own.
void BM_TakeAndGiveByThreads(benchmark::State& state) {
  static std::unique_ptr<WarmLedger> warm;
  if (state.thread_index() == 0)
    warm = std::make_unique<WarmLedger>(static_cast<std::uint32_t>(state.threads()), 16, 0);
  Actions actions;
  for (auto _ : state) {
    const auto worker = static_cast<WorkerId>(state.thread_index());
    const auto client = static_cast<ConnectionId>(1000000 + state.thread_index());
    const TakeResult result = warm->ledger().take(warm->pool(), waiter_of(worker, client), kNow, actions);
    warm->ledger().give(warm->pool(), result.server, kNow, actions);
  }
}
BENCHMARK(BM_TakeAndGiveByThreads)->Threads(1)->Threads(2)->UseRealTime();

/// Threads that are workers, each with one server and clients that queue for it.
void BM_QueueAndServeByThreads(benchmark::State& state) {
  constexpr std::uint64_t kClients = 24;
  static std::unique_ptr<WarmLedger> warm;
  static std::vector<ConnectionId> servers;
  const auto client = [](WorkerId worker, std::uint64_t i) {
    return static_cast<ConnectionId>((1 + number(worker)) * 1'000'000 + i % kClients);
  };
  const auto take = [&](WorkerId worker, std::uint64_t i, Actions& actions) {
    return warm->ledger().take(warm->pool(), waiter_of(worker, client(worker, i)), kNow, actions);
  };
  Actions actions;
  if (state.thread_index() == 0) {
    warm = std::make_unique<WarmLedger>(static_cast<std::uint32_t>(state.threads()), 1, state.threads());
    servers.clear();
    for (int i = 0; i < state.threads(); ++i) servers.push_back(take(static_cast<WorkerId>(i), 0, actions).server);
  }
  const auto worker = static_cast<WorkerId>(state.thread_index());
  std::uint64_t at = 0;
  for (auto _ : state) {
    actions.clear();
    take(worker, ++at, actions);
    warm->ledger().give(warm->pool(), servers[number(worker)], kNow, actions);
  }
  if (actions.size() != 1 || actions.front().kind != Action::Kind::serve) state.SkipWithError("no waiter was served");
}
BENCHMARK(BM_QueueAndServeByThreads)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace uvb
