// A worker's views of the pools, and what a new configuration makes of them.
#include <unordered_set>

#include "worker/pool_rules.h"
#include "worker/worker.h"

namespace uvb {

PoolView* Worker::view(PoolId pool) {
  const auto found = views_by_id_.find(static_cast<std::uint32_t>(pool));
  return found == views_by_id_.end() ? nullptr : found->second;
}

void Worker::refresh_rules(PoolView& view) {
  view.rules = effective_pool(*context_->snapshot->config, *view.config, view.user);
}

PoolView& Worker::open_pool(const std::shared_ptr<const DatabaseConfig>& config, const std::string& user) {
  const PoolKey key{config->name, user};
  std::unique_ptr<PoolView>& slot = views_[key];
  if (!slot) {
    slot = std::make_unique<PoolView>();
    slot->database = config->name;
    slot->user = user;
    slot->state = commons_.shared.database(config->name);
  }
  PoolView& view = *slot;
  view.config = config;
  refresh_rules(view);
  const ServerFlavour flavour = view.state->flavour.load(std::memory_order_relaxed);
  const PoolId id = commons_.ledger.open(key, pool_rules(*context_->snapshot->config, *view.config, user, flavour));
  if (view.id != id) {
    views_by_id_.erase(static_cast<std::uint32_t>(view.id));
    view.id = id;
    views_by_id_[static_cast<std::uint32_t>(id)] = &view;
  }
  const std::shared_ptr<const Welcome> welcome = commons_.ledger.welcome(id);
  view.welcome_current = welcome != nullptr;
  if (welcome) view.welcome = welcome;
  return view;
}

void Worker::learn(PoolView& view, const std::shared_ptr<const Welcome>& welcome) {
  view.welcome = welcome;
  view.welcome_current = true;
  if (welcome->flavour != ServerFlavour::questdb) return;
  commons_.ledger.set_rules(view.id, pool_rules(*context_->snapshot->config, *view.config, view.user, welcome->flavour),
                            Loop::now(), actions_);
}

void Worker::drop_pool(PoolId pool) {
  const auto found = views_by_id_.find(static_cast<std::uint32_t>(pool));
  if (found == views_by_id_.end()) return;
  const auto slot = views_.find({found->second->database, found->second->user});
  // Closing sessions may still point to it.
  old_views_.push_back(std::move(slot->second));
  views_.erase(slot);
  views_by_id_.erase(found);
}

/// Ends the views of dropped pools to which no session points any more.
void Worker::forget_old_views() {
  if (old_views_.empty()) return;
  std::unordered_set<const PoolView*> used;
  for (const auto& [id, client] : clients_) used.insert(client->pool());
  for (const auto& [id, server] : servers_) used.insert(&server->pool());
  for (const auto& client : retired_clients_) used.insert(client->pool());
  for (const auto& server : retired_servers_) used.insert(&server->pool());
  std::erase_if(old_views_, [&](const std::unique_ptr<PoolView>& view) { return !used.contains(view.get()); });
}

void Worker::apply_snapshot(std::shared_ptr<const Snapshot> snapshot) {
  context_->snapshot = std::move(snapshot);
  for (auto& [key, view] : views_) {
    if (auto present = context_->snapshot->database(view->database)) view->config = std::move(present);
    refresh_rules(*view);
  }
}

}  // namespace uvb
