#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pool/ledger.h"
#include "session/welcome.h"

namespace uvb {

/// One ledger with three workers, time turned by hand, and the vocabulary of the tests.
class LedgerTest : public testing::Test {
 protected:
  static constexpr WorkerId kA{0};
  static constexpr WorkerId kB{1};
  static constexpr WorkerId kC{2};

  LedgerTest() {
    rules.mode = PoolMode::transaction;
    rules.server_lifetime = std::chrono::hours(1);
    rules.server_idle_timeout = std::chrono::minutes(10);
    rules.server_check_delay = std::chrono::seconds(30);
    rules.server_login_retry = std::chrono::seconds(15);
    rules.reserve_pool_timeout = std::chrono::seconds(5);
  }

  static ConnectionId id(std::uint64_t number) { return static_cast<ConnectionId>(number); }
  template <class Duration>
  void pass(Duration time) {
    now += time;
  }

  PoolId open(const std::string& database = "db", const std::string& user = "app") {
    return ledger.open({database, user}, rules);
  }
  void change_rules(PoolId pool) { ledger.set_rules(pool, rules, now, fresh()); }

  /// Actions of the call that is made with it.
  Actions& fresh() {
    actions.clear();
    return actions;
  }
  [[nodiscard]] int count(Action::Kind kind) const {
    int found = 0;
    for (const Action& action : actions) found += action.kind == kind ? 1 : 0;
    return found;
  }
  /// The only action of `kind` of the last call; an empty one when there is none, with a failure.
  Action only(Action::Kind kind) const {
    EXPECT_EQ(count(kind), 1);
    for (const Action& action : actions) {
      if (action.kind == kind) return action;
    }
    return {};
  }

  TakeResult take(PoolId pool, std::uint64_t client, WorkerId worker = kA, const std::string& options = {}) {
    return ledger.take(pool, {worker, false, options, id(client), now, now}, now, fresh());
  }
  TakeResult take_login(PoolId pool, std::uint64_t client, WorkerId worker = kA) {
    return ledger.take(pool, {worker, true, {}, id(client), {}, now}, now, fresh());
  }
  void give(PoolId pool, ConnectionId server) { ledger.give(pool, server, now, fresh()); }
  void removed(PoolId pool, ConnectionId server) { ledger.removed(pool, server, now, fresh()); }
  void tick() { ledger.tick(now, fresh()); }
  void logged_in(PoolId pool, ConnectionId server) { ledger.login_succeeded(pool, server, welcome, now, fresh()); }
  void refused(PoolId pool, ConnectionId server, const std::string& code, const std::string& message) {
    ledger.login_failed(pool, server, {LoginFailure::Kind::server, code, message}, now, fresh());
  }
  void unreachable(PoolId pool, ConnectionId server) {
    ledger.login_failed(pool, server, {LoginFailure::Kind::connection, {}, "connect failed"}, now, fresh());
  }

  /// A client takes a server that has to be opened for it. Returns the server, active.
  ConnectionId connect(PoolId pool, std::uint64_t client, WorkerId worker = kA, const std::string& options = {}) {
    EXPECT_EQ(take(pool, client, worker, options).status, TakeStatus::queued);
    const ConnectionId server = only(Action::Kind::launch).server;
    logged_in(pool, server);
    EXPECT_EQ(only(Action::Kind::serve).client, id(client));
    return server;
  }
  /// `count` idle servers of `worker`, given back in the order of the result.
  std::vector<ConnectionId> warm(PoolId pool, int servers, WorkerId worker = kA) {
    std::vector<ConnectionId> opened;
    for (int i = 0; i < servers; ++i) opened.push_back(connect(pool, 900 + static_cast<std::uint64_t>(i), worker));
    for (const ConnectionId server : opened) {
      pass(Micros(1));
      give(pool, server);
    }
    return opened;
  }

  PoolCounts counts(PoolId pool) const {
    for (const Ledger::PoolInfo& info : ledger.pools()) {
      if (info.id == pool) return info.counts;
    }
    return {};
  }

  std::uint64_t last_id = 1000;
  Ledger ledger{3, [this] { return static_cast<ConnectionId>(++last_id); }};
  PoolRules rules;
  Actions actions;
  TimePoint now{std::chrono::hours(1000)};
  std::shared_ptr<const Welcome> welcome = std::make_shared<const Welcome>();
};

}  // namespace uvb
