#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "pool/ledger.h"
#include "session/welcome.h"

namespace uvb {
namespace {

using Kind = Action::Kind;

constexpr std::uint32_t kWorkers = 4;
constexpr int kClients = 8;         ///< per worker
constexpr int kTransactions = 400;  ///< per client
constexpr std::size_t kMostIds = 1 << 20;

struct Mail {
  Action action;
  bool arrival = false;
};

/// What the threads share beside the ledger.
struct Arena {
  std::atomic<std::uint64_t> last_id{0};
  Ledger ledger{kWorkers, [this] { return next_id(); }};
  std::array<Guarded<std::vector<Mail>>, kWorkers> boxes;
  std::vector<std::atomic<std::uint64_t>> holders = std::vector<std::atomic<std::uint64_t>>(kMostIds);
  std::shared_ptr<const Welcome> welcome = std::make_shared<const Welcome>();
  SystemClock clock;
  PoolId pools[2] = {PoolId::none, PoolId::none};
  std::atomic<int> unfinished{kWorkers * kClients};
  std::atomic<int> shared{0};  ///< servers seen with two clients

  ConnectionId next_id() { return static_cast<ConnectionId>(last_id.fetch_add(1) + 1); }
  void post(WorkerId worker, Mail mail) {
    boxes[number(worker)].with([&](std::vector<Mail>& box) { box.push_back(std::move(mail)); });
  }
  void post_all(Actions& actions) {
    for (Action& action : actions) post(action.worker, {action, false});
    actions.clear();
  }
};

/// One thread with clients that each run their transactions.
class HammerWorker {
 public:
  HammerWorker(Arena& arena, std::uint32_t index) : arena_(arena), self_(static_cast<WorkerId>(index)) {
    for (int i = 0; i < kClients; ++i) {
      const ConnectionId id = arena.next_id();
      clients_[id] = {arena.pools[(number(id) + index) % 2], ConnectionId::none, false, kTransactions};
    }
  }

  void run() {
    while (arena_.unfinished.load() > 0) {
      read_mail();
      for (auto& [id, client] : clients_) advance(id, client);
      std::this_thread::yield();
    }
    read_mail();
  }

 private:
  struct Client {
    PoolId pool = PoolId::none;
    ConnectionId server = ConnectionId::none;
    bool waiting = false;
    int left = 0;
  };

  void advance(ConnectionId id, Client& client) {
    if (client.server != ConnectionId::none) return finish(client);
    if (client.waiting || client.left == 0) return;
    Actions actions;
    const TimePoint now = arena_.clock.now();
    const TakeResult result = arena_.ledger.take(client.pool, {self_, false, {}, id, now, now}, now, actions);
    client.waiting = result.status == TakeStatus::queued;
    if (result.status == TakeStatus::granted) link(id, client, result.server);
    act(actions);
  }

  void link(ConnectionId id, Client& client, ConnectionId server) {
    if (arena_.holders[number(server)].exchange(number(id)) != 0) arena_.shared.fetch_add(1);
    client.server = server;
    client.waiting = false;
  }

  void finish(Client& client) {
    const ConnectionId server = std::exchange(client.server, ConnectionId::none);
    arena_.holders[number(server)].store(0);
    Actions actions;
    if (client.left % 100 == 7) {
      owned_.erase(server);
      arena_.ledger.removed(client.pool, server, arena_.clock.now(), actions);
    } else {
      arena_.ledger.give(client.pool, server, arena_.clock.now(), actions);
    }
    if (--client.left == 0) arena_.unfinished.fetch_sub(1);
    act(actions);
  }

  void read_mail() {
    std::vector<Mail> mails;
    arena_.boxes[number(self_)].with([&](std::vector<Mail>& box) { mails.swap(box); });
    for (const Mail& mail : mails) carry_out(mail);
  }

  void act(const Actions& actions) {
    for (const Action& action : actions) {
      if (action.worker == self_) {
        carry_out({action, false});
      } else {
        arena_.post(action.worker, {action, false});
      }
    }
  }

  void carry_out(const Mail& mail) {
    const Action& action = mail.action;
    if (mail.arrival) return arrive(action);
    if (action.kind == Kind::launch) return launch(action);
    const auto owned = owned_.find(action.server);
    if (owned == owned_.end()) return;
    if (action.kind == Kind::close) {
      owned_.erase(owned);
      report(action,
             [&](Actions& actions) { arena_.ledger.removed(action.pool, action.server, arena_.clock.now(), actions); });
    } else if (action.kind == Kind::hand_over) {
      owned_.erase(owned);
      arena_.post(action.to, {action, true});
    } else if (action.kind == Kind::serve) {
      link(action.client, clients_.at(action.client), action.server);
    }
  }

  void launch(const Action& action) {
    owned_.insert({action.server, true});
    report(action, [&](Actions& actions) {
      arena_.ledger.login_succeeded(action.pool, action.server, arena_.welcome, arena_.clock.now(), actions);
    });
  }

  void arrive(const Action& action) {
    if (arena_.ledger.moved(action.pool, action.server, self_) != nullptr) {
      return report(action, [&](Actions& actions) {
        arena_.ledger.removed(action.pool, action.server, arena_.clock.now(), actions);
      });
    }
    owned_.insert({action.server, true});
    link(action.client, clients_.at(action.client), action.server);
  }

  template <class F>
  void report(const Action&, F&& call) {
    Actions actions;
    call(actions);
    act(actions);
  }

  Arena& arena_;
  WorkerId self_;
  std::map<ConnectionId, Client> clients_;
  std::map<ConnectionId, bool> owned_;
};

void operate(Arena& arena) {
  Actions actions;
  for (int round = 0; arena.unfinished.load() > 0; ++round) {
    const TimePoint now = arena.clock.now();
    if (round % 50 == 20) arena.ledger.pause_all(now, actions);
    if (round % 50 == 22) arena.ledger.resume_all(now, actions);
    if (round % 50 == 40) arena.ledger.reconnect({}, now, actions);
    arena.ledger.tick(now, actions);
    arena.post_all(actions);
    EXPECT_LE(arena.ledger.pools().size(), 2U);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  arena.ledger.resume_all(arena.clock.now(), actions);
  arena.post_all(actions);
}

TEST(LedgerHammer, ThreadsNeverShareAServerAndAllGetTheirTurn) {
  const auto arena = std::make_unique<Arena>();
  PoolRules rules;
  rules.pool_size = 5;
  rules.max_user_connections = 8;
  rules.server_lifetime = std::chrono::hours(1);
  arena->pools[0] = arena->ledger.open({"one", "app"}, rules);
  arena->pools[1] = arena->ledger.open({"two", "app"}, rules);
  std::vector<std::unique_ptr<HammerWorker>> workers;
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < kWorkers; ++i) workers.push_back(std::make_unique<HammerWorker>(*arena, i));
  for (const auto& worker : workers) threads.emplace_back([&] { worker->run(); });
  threads.emplace_back([&] { operate(*arena); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(arena->shared.load(), 0);
  EXPECT_LT(arena->last_id.load(), kMostIds);
  EXPECT_TRUE(arena->ledger.quiet({}));
}

}  // namespace
}  // namespace uvb
