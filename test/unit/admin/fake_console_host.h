#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/console_host.h"

namespace uvb {

/// A process made of plain values; remembers what was done to it as "verb argument".
class FakeConsoleHost final : public ConsoleHost {
 public:
  Config settings;
  std::vector<DatabaseInfo> entries;
  std::vector<std::string> known_users;
  std::vector<Ledger::PoolInfo> all_pools;
  StatsHistory history{TimePoint(Micros(1'000'000))};
  ProcessState process = ProcessState::active;
  bool going_down = false;
  bool busy = false;  ///< quiet() is false
  bool reload_fails = false;
  SetResult set_result = SetResult::done;
  std::vector<std::string> done;

  void add_database(const std::string& name) {
    DatabaseInfo database;
    database.config.name = name;
    database.config.dbname = name;
    entries.push_back(std::move(database));
  }
  Ledger::PoolInfo& add_pool(const std::string& database, const std::string& user) {
    Ledger::PoolInfo pool{};
    pool.key = {database, user};
    all_pools.push_back(pool);
    return all_pools.back();
  }
  DatabaseInfo* entry(const std::string& name) {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.config.name == name; });
    return found == entries.end() ? nullptr : &*found;
  }

  std::shared_ptr<const Config> config() const override { return std::make_shared<const Config>(settings); }
  std::vector<DatabaseInfo> databases() const override { return entries; }
  std::vector<std::string> users() const override { return known_users; }
  std::vector<Ledger::PoolInfo> pools() const override { return all_pools; }
  const StatsHistory& stats() const override { return history; }
  ProcessState state() const override { return process; }
  bool shutting_down() const override { return going_down; }
  bool has_database(const std::string& name) const override {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& e) { return e.config.name == name; });
  }
  bool register_database(const std::string& name) override {
    if (!settings.autodb) return false;
    add_database(name);
    done.push_back("register " + name);
    return true;
  }
  bool database_paused(const std::string& name) const override {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const auto& e) { return e.config.name == name && e.paused; });
  }
  bool quiet(const std::string&) const override { return !busy; }

  Status reload() override {
    done.emplace_back("reload");
    if (reload_fails) return Error{"pgbouncer.ini:7: what is this"};
    return Done{};
  }
  SetResult set(std::string_view key, std::string_view value) override {
    done.push_back("set " + std::string(key) + "=" + std::string(value));
    return set_result;
  }
  void pause(const std::string& name) override { set_paused("pause ", name, true); }
  void resume(const std::string& name) override { set_paused("resume ", name, false); }
  void disable(const std::string& name) override { done.push_back("disable " + name); }
  void enable(const std::string& name) override { done.push_back("enable " + name); }
  void reconnect(const std::string& name) override { done.push_back("reconnect " + name); }
  void kill(const std::string& name) override { done.push_back("kill " + name); }
  void kill_client(ConnectionId client) override { done.push_back("kill_client " + std::to_string(number(client))); }
  void shutdown(ShutdownMode mode) override { done.push_back("shutdown " + std::to_string(static_cast<int>(mode))); }

 private:
  void set_paused(const std::string& verb, const std::string& name, bool paused) {
    done.push_back(verb + name);
    if (name.empty()) process = paused ? ProcessState::paused : ProcessState::active;
    if (DatabaseInfo* found = entry(name)) found->paused = paused;
  }
};

}  // namespace uvb
