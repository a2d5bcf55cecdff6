#include "worker/cancel_desk.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "worker/socket_addresses.h"

namespace uvb {

void CancelDesk::ask(ConnectionId requester, const ClientSession::Key& key) {
  const std::vector<Worker*>& workers = worker_.commons().workers;
  unanswered_[requester] = workers.size();
  for (Worker* worker : workers) {
    worker->post_call(
        [key, origin = worker_.id(), requester](Worker& other) { other.find_cancel(key, origin, requester); });
  }
}

void CancelDesk::answered(ConnectionId requester, bool found, const std::string& reason) {
  const auto waiting = unanswered_.find(requester);
  const bool last = waiting != unanswered_.end() && --waiting->second == 0;
  if (last) unanswered_.erase(waiting);
  ClientSession* client = worker_.find_client(requester);
  if (client == nullptr) return;
  if (found && !reason.empty()) client->close(reason);
  if (!found && last && !matched_.contains(requester)) client->close("failed cancel request");
  if (found) matched_.insert(requester);
  if (last) matched_.erase(requester);
}

const char* CancelDesk::refusal(const ClientSession& client) const {
  if (client.is_console()) return "cancel request for console client";
  if (client.phase() == ClientPhase::varying) return "ignoring cancel request for server that is setting vars";
  if (client.server() == nullptr) return "cancel request for idle client";
  return nullptr;
}

void CancelDesk::find(const std::unordered_map<ConnectionId, std::unique_ptr<ClientSession>>& clients,
                      const ClientSession::Key& key, WorkerId origin, ConnectionId requester) {
  Job job{origin, requester, ConnectionId::none, ConnectionId::none, {}, {}, Loop::now()};
  for (const auto& [id, client] : clients) {
    if (!client->logged_in() || CRYPTO_memcmp(client->key().data(), key.data(), key.size()) != 0) continue;
    if (const char* reason = refusal(*client)) {
      if (client->is_console()) worker_.commons().control.console_cancelled(id);
      return reply(job, true, reason);
    }
    job.client = id;
    job.server = client->server()->id();
    job.pool = client->pool()->id;
    job.key = {client->pool()->database, client->pool()->user};
    reply(job, true, "");
    waiting_.push_back(job);
    return start_waiting();
  }
  reply(job, false, "");
}

void CancelDesk::reply(const Job& job, bool found, const char* reason) {
  Worker* origin = worker_.commons().workers[number(job.origin)];
  origin->post_call([requester = job.requester, found, text = std::string(reason)](Worker& other) {
    other.cancel_answered(requester, found, text);
  });
}

void CancelDesk::start_waiting() {
  std::erase_if(waiting_, [this](const Job& job) { return start(job); });
}

/// true: the job needs to wait no longer.
bool CancelDesk::start(const Job& job) {
  ServerSession* server = worker_.find_server(job.server);
  const bool still_its = server != nullptr && server->client() != nullptr && server->client()->id() == job.client;
  if (!still_its) {
    reply(job, true, "not sending cancel request for client that is now idle");
    return true;
  }
  // It may have begun another transaction since it was found.
  if (const char* reason = refusal(*server->client())) {
    reply(job, true, reason);
    return true;
  }
  if (server->backend_key().empty()) {
    reply(job, true, "failed to send cancel request");
    return true;
  }
  if (!worker_.commons().ledger.begin_cancel(job.pool)) return false;
  auto running = std::make_unique<Running>();
  Running& it = *running;
  it.job = job;
  it.id = worker_.commons().shared.next_connection();
  it.address = server->address();
  it.since = Loop::now();
  it.delivery = std::make_unique<CancelDelivery>(worker_.context(), server->address(), server->backend_key(),
                                                 [this, &it](CancelOutcome outcome) { finished(it, outcome); });
  server->cancel_started();
  running_.push_back(std::move(running));
  it.delivery->start();
  return true;
}

void CancelDesk::finished(Running& running, CancelOutcome outcome) {
  // Its owner is in the call stack just now: it is freed at the next tick.
  running.over = true;
  worker_.commons().ledger.end_cancel(running.job.pool, Loop::now(), worker_.actions());
  if (ServerSession* server = worker_.find_server(running.job.server))
    server->cancel_ended(outcome == CancelOutcome::uncertain);
  reply(running.job, true,
        outcome == CancelOutcome::delivered ? "successfully sent cancel request" : "failed to send cancel request");
  start_waiting();
}

void CancelDesk::tick(TimePoint now) {
  // A delivery that gives up makes room for the next one, which is added behind.
  for (std::size_t index = 0; index < running_.size(); ++index) {
    if (!running_[index]->over) running_[index]->delivery->tick(now);
  }
  std::erase_if(running_, [](const auto& running) { return running->over; });
  const Micros limit = worker_.context().settings().cancel_wait_timeout;
  std::erase_if(waiting_, [&](const Job& job) { return limit > Micros{} && now - job.since > limit; });
  start_waiting();
}

SocketRow CancelDesk::describe(const Running& running, TimePoint now, WallTime wall) {
  SocketRow row;
  row.state = SocketState::server_active_cancel;
  row.id = running.id;
  row.ptr = number(running.id);
  row.link = number(running.job.requester);
  row.pool = running.job.key;
  describe_addresses(row, running.address, running.delivery->descriptor());
  row.connect_time = wall - (now - running.since);
  return row;
}

void CancelDesk::describe(Census& census, Gather wanted, TimePoint now, WallTime wall) const {
  for (const Job& job : waiting_) {
    census.cancels.push_back({job.requester, job.key, 0});
    census.pool_clients.push_back({.pool = job.key, .waiting_cancel_req = 1});
  }
  for (const auto& running : running_) {
    if (running->over) continue;
    census.cancels.push_back({running->job.requester, running->job.key, number(running->id)});
    census.pool_clients.push_back({.pool = running->job.key, .active_cancel_req = 1});
    if (wanted == Gather::sockets) census.sockets.push_back(describe(*running, now, wall));
  }
}

void CancelDesk::clear() {
  waiting_.clear();
  running_.clear();
}

}  // namespace uvb
