// RELOAD and SET: a new configuration takes the place of the old one, whole or not at all (design.md 1).
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <semaphore>
#include <set>
#include <sstream>

#include "config/loader.h"
#include "config/set_command.h"
#include "control/control.h"
#include "worker/pool_rules.h"

namespace uvb {

LogTargets log_targets(const Settings& settings, bool to_stderr) {
  LogTargets targets;
  targets.to_stderr = to_stderr;
  targets.file = settings.logfile;
  targets.to_syslog = settings.syslog;
  targets.syslog_facility = settings.syslog_facility;
  targets.syslog_ident = settings.syslog_ident;
  return targets;
}

namespace {

void log_lines(Log& log, LogLevel level, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) log.write(level, line);
}

}  // namespace

Result<Config> Control::reload_config() {
  const Config& current = *snapshot_->config;
  Result<Config> loaded =
      load_config(current.settings.conffile.value_or(current.file), &current, invocation_.verbosity);
  if (loaded) {
    for (const std::string& warning : loaded->warnings) log_.warning(warning);
  } else {
    log_lines(log_, LogLevel::error, loaded.error().message);
    log_.warning("config file loading failed");
  }
  return loaded;
}

Status Control::reload() {
  Result<Config> loaded = reload_config();
  if (!loaded) return loaded.error();
  if (Status swapped = swap(std::make_shared<const Config>(std::move(loaded).value()), Reread::everything); !swapped) {
    return swapped;
  }
  reopen_log();
  return Done{};
}

LogTargets Control::current_log_targets() const {
  return log_targets(snapshot_->config->settings, invocation_.log_to_stderr);
}

void Control::reopen_log() {
  // A failure is in the log, which goes on in the old file.
  if (const Status reopened = log_.reopen(current_log_targets()); !reopened) log_.debug("logfile not reopened");
}

SetResult Control::set(std::string_view key, std::string_view value) {
  Result<SetOutcome> outcome = apply_set(*snapshot_->config, key, value);
  if (!outcome) {
    log_lines(log_, LogLevel::error, outcome.error().message);
    return SetResult::failed;
  }
  for (const std::string& warning : outcome->config.warnings) log_.warning(warning);
  if (outcome->restart_only) return SetResult::done;
  const Reread reread = outcome->tls ? Reread::tls : Reread::nothing;
  const LogTargets before = current_log_targets();
  const Status status = swap(std::make_shared<const Config>(std::move(outcome->config)), reread);
  if (current_log_targets() != before) reopen_log();
  return status ? SetResult::done : SetResult::tls_refused;
}

Status Control::swap(std::shared_ptr<const Config> config, Reread reread) {
  auto built = builder_.build(std::move(config), snapshot_.get(), reread);
  if (!built) {
    log_.error(built.error().message);
    log_.error("TLS configuration could not be reloaded, keeping old configuration");
    return Error{built.error().message};
  }
  const std::shared_ptr<const Snapshot> before = std::exchange(snapshot_, std::move(built).value());
  apply_to_process(snapshot_->config->settings);
  hand_out_snapshot();
  compare_databases(*before->config, *snapshot_->config);
  compare_users(*before->users, *snapshot_->users);
  if (!before->same_server_tls(*snapshot_)) reconnect("");
  keep_listed();
  refresh_rules();
  refresh_min_pools();
  return Done{};
}

/// Returns when the workers have it: whoever hears of the end of a RELOAD finds nobody who goes by the old file. A
/// worker in a very long turn does not hold up the console for more than a moment.
void Control::hand_out_snapshot() {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  const auto applied = std::make_shared<std::counting_semaphore<>>(0);
  tell_workers([snapshot = snapshot_, applied](Worker& worker) {
    worker.apply_snapshot(snapshot);
    applied->release();
  });
  for (std::size_t missing = workers_.size(); missing > 0; --missing) {
    if (!applied->try_acquire_until(patience)) return;
  }
}

void Control::apply_to_process(const Settings& settings) {
  log_.set_verbose(settings.verbose);
  if (!acceptor_) return;
  acceptor_->set_options(tcp_options(settings));
  acceptor_->set_defer_accept(settings.tcp_defer_accept);
}

void Control::compare_databases(const Config& before, const Config& after) {
  std::set<std::string> names;
  for (const auto& [name, state] : kept_) names.insert(name);
  for (const Ledger::PoolInfo& pool : ledger_.pools()) names.insert(pool.key.database);
  for (const std::string& name : names) {
    const Result<DatabaseConfig> old_one = find_database(before, name);
    const Result<DatabaseConfig> new_one = find_database(after, name);
    if (!new_one) {
      forget_database(name);
    } else if (old_one && new_one->needs_recycle(*old_one)) {
      shared_.database(name)->forget_servers();
      shared_.forget_secrets(name);
      reconnect(name);
    }
  }
}

void Control::compare_users(const UserSecrets& before, const UserSecrets& after) {
  if (&before == &after) return;
  for (const auto& [name, secret] : before) {
    const auto found = after.find(name);
    // A secret that did not change is the same object still.
    if (found == after.end() || found->second != secret) shared_.forget_user_secrets(name);
  }
}

/// What operators said of it goes with it: one of that name that comes later is another database.
void Control::forget_database(const std::string& name) {
  log_.warning(fmt::format("dropping database '{}' as it does not exist anymore or inactive auto-database", name));
  drop_database(name);
  resume(name);
  DatabaseState& state = keep(name);
  state.announced.store(false);
  state.disabled.store(false);
  state.forget_servers();
  kept_.erase(name);
}

/// The databases of the `*` line, and whether somebody uses them. A paused one is waited for.
std::map<std::string, bool> Control::autodbs_in_use() const {
  const auto& listed = snapshot_->config->databases;
  std::map<std::string, bool> used;
  for (const auto& [name, state] : kept_) {
    if (!listed.contains(name)) used[name] = ledger_.paused(name) || state->clients.value() > 0;
  }
  for (const Ledger::PoolInfo& pool : ledger_.pools()) {
    if (listed.contains(pool.key.database)) continue;
    const PoolCounts& counts = pool.counts;
    const int servers = counts.active + counts.active_cancel + counts.being_canceled + counts.idle + counts.used +
                        counts.tested + counts.login;
    const bool clients = shared_.database(pool.key.database)->clients.value() > 0;
    bool& in_use = used[pool.key.database];
    in_use = in_use || pool.paused || clients || servers > 0 || counts.waiting > 0;
  }
  return used;
}

/// Databases of the `*` line that nobody has used for autodb_idle_timeout are forgotten (behaviour.md 3.8).
void Control::drop_idle_autodbs(TimePoint now) {
  const Micros limit = snapshot_->config->settings.autodb_idle_timeout;
  std::map<std::string, bool> used = autodbs_in_use();
  std::erase_if(idle_autodbs_, [&](const auto& entry) { return !used.contains(entry.first) || used[entry.first]; });
  for (const auto& [name, in_use] : used) {
    if (in_use || limit <= Micros{}) continue;
    const TimePoint since = idle_autodbs_.try_emplace(name, now).first->second;
    if (now - since <= limit) continue;
    forget_database(name);
  }
}

void Control::refresh_rules() {
  const Config& config = *snapshot_->config;
  for (const Ledger::PoolInfo& pool : ledger_.pools()) {
    const Result<DatabaseConfig> database = find_database(config, pool.key.database);
    if (!database) continue;
    const ServerFlavour flavour = shared_.database(pool.key.database)->flavour.load(std::memory_order_relaxed);
    Actions actions;
    ledger_.set_rules(pool.id, pool_rules(config, *database, pool.key.user, flavour), Loop::now(), actions);
    dispatch(actions);
  }
}

/// Databases with a forced user keep their min_pool_size even before the first client comes.
void Control::refresh_min_pools() {
  const Config& config = *snapshot_->config;
  for (const auto& [name, database] : config.databases) {
    if (!database.user) continue;
    const PoolRules rules = pool_rules(config, database, *database.user, shared_.database(name)->flavour.load());
    if (rules.min_pool_size > 0) ledger_.open({name, *database.user}, rules);
  }
}

DatabaseState& Control::keep(const std::string& name) {
  std::shared_ptr<DatabaseState>& state = kept_[name];
  if (!state) state = shared_.database(name);
  return *state;
}

void Control::keep_listed() {
  for (const auto& [name, database] : snapshot_->config->databases) keep(name);
}

bool Control::has_database(const std::string& name) const {
  if (kept_.contains(name)) return true;
  const std::vector<Ledger::PoolInfo> pools = ledger_.pools();
  return std::any_of(pools.begin(), pools.end(),
                     [&](const Ledger::PoolInfo& pool) { return pool.key.database == name; });
}

bool Control::register_database(const std::string& name) {
  if (has_database(name)) return true;
  if (!find_database(*snapshot_->config, name)) return false;
  keep(name).announced.store(true);
  log_.log(fmt::format("registered new auto-database: {}", name));
  return true;
}

std::vector<DatabaseInfo> Control::databases() const {
  const Config& config = *snapshot_->config;
  std::set<std::string> names;
  for (const auto& [name, state] : kept_) names.insert(name);
  for (const Ledger::PoolInfo& pool : ledger_.pools()) names.insert(pool.key.database);
  std::vector<DatabaseInfo> all;
  for (const std::string& name : names) {
    Result<DatabaseConfig> database = find_database(config, name);
    if (!database) continue;
    all.push_back({std::move(database).value(), ledger_.paused(name), shared_.database(name)->disabled.load()});
  }
  return all;
}

std::vector<std::string> Control::users() const {
  std::set<std::string> names;
  for (const auto& [name, secret] : *snapshot_->users) names.insert(name);
  for (const auto& [name, user] : snapshot_->config->users) names.insert(name);
  for (const auto& [name, database] : snapshot_->config->databases) {
    if (database.user) names.insert(*database.user);
  }
  return {names.begin(), names.end()};
}

}  // namespace uvb
