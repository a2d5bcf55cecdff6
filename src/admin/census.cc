#include "admin/census.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace uvb {
namespace {

template <class T>
void move_behind(std::vector<T>& all, std::vector<T>&& part) {
  all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
}

void add_up(std::map<std::string, int>& all, const std::map<std::string, int>& part) {
  for (const auto& [name, count] : part) all[name] += count;
}

}  // namespace

void Census::merge(Census&& part) {
  move_behind(sockets, std::move(part.sockets));
  move_behind(counters, std::move(part.counters));
  move_behind(pool_clients, std::move(part.pool_clients));
  move_behind(cancels, std::move(part.cancels));
  add_up(database_clients, part.database_clients);
  add_up(user_clients, part.user_clients);
  login_clients += part.login_clients;
  used_clients += part.used_clients;
  free_clients += part.free_clients;
  used_servers += part.used_servers;
  free_servers += part.free_servers;
  client_bytes = std::max(client_bytes, part.client_bytes);
  server_bytes = std::max(server_bytes, part.server_bytes);
}

void Census::place_cancels() {
  std::map<ConnectionId, const CancelRow*> found;
  for (const CancelRow& cancel : cancels) found[cancel.requester] = &cancel;
  for (SocketRow& socket : sockets) {
    const auto cancel = found.find(socket.id);
    if (cancel == found.end()) continue;
    socket.pool = cancel->second->pool;
    socket.link = cancel->second->link;
    socket.state = socket.link == 0 ? SocketState::client_waiting_cancel_req : SocketState::client_active_cancel_req;
  }
}

}  // namespace uvb
