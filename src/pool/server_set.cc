#include "server_set.h"

#include <utility>

namespace uvb {

namespace {

template <class List>
ServerEntry* first_with(const List& list, const std::string& options) noexcept {
  ServerEntry* server = list.front();
  while (server != nullptr && server->options != options) server = List::next(*server);
  return server;
}

}  // namespace

ServerEntry& ServerSet::add(std::unique_ptr<ServerEntry> server) {
  ServerEntry& entry = *server;
  entry.index = servers_.size();
  servers_.push_back(std::move(server));
  ++database_.total;
  ++user_.total;
  enter_state(entry, entry.state);
  return entry;
}

void ServerSet::remove(ServerEntry& server) noexcept {
  leave_state(server);
  --database_.total;
  --user_.total;
  const std::size_t index = server.index;
  std::swap(servers_[index], servers_.back());
  servers_[index]->index = index;
  servers_.pop_back();
}

void ServerSet::set_state(ServerEntry& server, ServerState state) noexcept {
  // From one client to the next: what every worker reads is not written then.
  if (server.state == state && state == ServerState::active) return;
  leave_state(server);
  enter_state(server, state);
  if (state == ServerState::used) used_.push_back(server);
}

void ServerSet::set_idle(ServerEntry& server, bool round_robin) noexcept {
  leave_state(server);
  enter_state(server, ServerState::idle);
  server.released_order = ++releases_;
  List& list = idle_[number(server.owner)];
  if (round_robin) {
    list.push_back(server);
  } else {
    list.push_front(server);
  }
}

ServerEntry* ServerSet::pick_idle(WorkerId worker, const std::string& options, bool round_robin) const noexcept {
  if (count(ServerState::idle) == 0) return nullptr;
  if (ServerEntry* own = first_with(idle_[number(worker)], options)) return own;
  ServerEntry* best = nullptr;
  for (const List& list : idle_) {
    ServerEntry* server = first_with(list, options);
    if (server == nullptr) continue;
    if (best == nullptr || (server->released_order < best->released_order) == round_robin) best = server;
  }
  return best;
}

ServerEntry* ServerSet::pick_used(const std::string& options) const noexcept { return first_with(used_, options); }

int ServerSet::connected() const noexcept {
  return count(ServerState::idle) + count(ServerState::used) + count(ServerState::active) + count(ServerState::tested) +
         count(ServerState::being_canceled);
}

void ServerSet::leave_state(ServerEntry& server) noexcept {
  --counts_[static_cast<std::size_t>(server.state)];
  if (server.state == ServerState::idle) idle_[number(server.owner)].erase(server);
  if (server.state == ServerState::used) used_.erase(server);
  if (server.state == ServerState::closing) {
    --database_.closing;
    --user_.closing;
  }
}

void ServerSet::enter_state(ServerEntry& server, ServerState state) noexcept {
  server.state = state;
  ++counts_[static_cast<std::size_t>(state)];
  if (state == ServerState::closing) {
    ++database_.closing;
    ++user_.closing;
  }
}

void ServerSet::count_cancel(int change) noexcept {
  cancels_ += change;
  database_.total += change;
  user_.total += change;
}

}  // namespace uvb
