#include "worker/worker.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <utility>

#include "base/thread_name.h"
#include "transport/plain_transport.h"
#include "worker/cancel_desk.h"
#include "worker/console_link.h"

namespace uvb {

namespace {

constexpr std::size_t kClearMemory = 512 * 1024;
constexpr std::size_t kCipherMemory = 320 * 1024;
constexpr std::size_t kCryptoInFlight = 64;
constexpr std::chrono::milliseconds kTick{333};
// Memory goes back to the system when many clients have left, not after each.
constexpr std::size_t kTrimAfter = 200;

}  // namespace

Worker::Worker(WorkerId id, WorkerCommons& commons, std::shared_ptr<const Snapshot> snapshot)
    : id_(id),
      commons_(commons),
      clear_memory_(kClearMemory),
      cipher_memory_(kCipherMemory),
      crypto_(loop_, commons.crypto, kCryptoInFlight),
      mailbox_(loop_, [this](WorkerMessage&& message) { message->run(*this); }),
      cancels_(std::make_unique<CancelDesk>(*this)) {
  context_ = std::make_unique<SessionContext>(
      SessionContext{loop_, crypto_, commons.log, commons.shared, commons.statements, commons.variables, *this, id_,
                     std::move(snapshot), LentMemory{clear_memory_, Scratch{cipher_memory_}}});
}

Worker::~Worker() = default;

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::post(WorkerMessage message) { mailbox_.post(std::move(message)); }

void Worker::run() {
  name_thread(fmt::format("uvb-worker-{}", number(id_)));
  ticker_.emplace(loop_, [this] { tick(); });
  ticker_->start_every(kTick);
  turn_.emplace(loop_, [this] { settle(); });
  loop_.run();
  close_everything();
  turn_.reset();
  ticker_.reset();
}

void Worker::stop() { loop_.stop(); }

void Worker::close_everything() {
  cancels_->clear();
  retired_clients_.clear();
  retired_servers_.clear();
  clients_.clear();
  servers_.clear();
}

// --- connections -----------------------------------------------------------------------------------------------------

ServerSession* Worker::find_server(ConnectionId id) {
  const auto found = servers_.find(id);
  return found == servers_.end() ? nullptr : found->second.get();
}

ClientSession* Worker::find_client(ConnectionId id) {
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second.get();
}

void Worker::adopt_client(UniqueFd descriptor, std::unique_ptr<ClientAddress> address) {
  const ConnectionId id = commons_.shared.next_connection();
  auto transport = std::make_unique<PlainTransport>(descriptor.release());
  auto client = std::make_unique<ClientSession>(*context_, id, std::move(transport), std::move(address));
  ClientSession& session = *client;
  clients_.emplace(id, std::move(client));
  session.start();
}

void Worker::retire(ClientSession& client) {
  const auto found = clients_.find(client.id());
  if (found == clients_.end()) return;
  if (client.logged_in() && client.pool() != nullptr) commons_.ledger.client_left(client.pool()->id);
  if (client.is_console()) commons_.control.console_gone(client.id());
  retired_clients_.push_back(std::move(found->second));
  clients_.erase(found);
  client_count_.fetch_sub(1, std::memory_order_relaxed);
  ++left_since_trim_;
}

void Worker::retire(ServerSession& server) {
  const auto found = servers_.find(server.id());
  if (found == servers_.end()) return;
  retired_servers_.push_back(std::move(found->second));
  servers_.erase(found);
  if (server.is_probe()) return probe_ended(server);
  commons_.ledger.removed(server.pool().id, server.id(), Loop::now(), actions_);
}

void Worker::drop_clients(const std::string& database, const std::string& reason) {
  std::vector<ClientSession*> leaving;
  for (const auto& [id, client] : clients_) {
    const PoolView* pool = client->pool();
    if (pool != nullptr && (database.empty() || pool->database == database)) leaving.push_back(client.get());
  }
  for (ClientSession* client : leaving) client->fail(reason);
}

void Worker::kill_client(ConnectionId id) {
  if (ClientSession* client = find_client(id)) client->fail("admin forced disconnect");
}

// --- what sessions ask for -------------------------------------------------------------------------------------------

void Worker::client_joined(ClientSession& client) { commons_.ledger.client_joined(client.pool()->id); }

Waiter Worker::waiter_for(const ClientSession& client, bool login) const {
  return Waiter{id_, login, client.server_options(), client.id(), client.query_start(), client.last_packet()};
}

TakeOutcome Worker::take(ClientSession& client, std::string& error) {
  const Waiter waiter = waiter_for(client, false);
  for (;;) {
    TakeResult result = commons_.ledger.take(client.pool()->id, waiter, context_->clock.now(), actions_);
    if (result.status == TakeStatus::queued) return TakeOutcome::queued;
    if (result.status == TakeStatus::refused) {
      error = std::move(result.error);
      return TakeOutcome::refused;
    }
    ServerSession* server = find_server(result.server);
    if (server != nullptr && server->fit()) {
      client.on_server(*server);
      return TakeOutcome::granted;
    }
    if (server != nullptr) {
      server->close("idle server got dirty");
    } else {
      commons_.ledger.removed(client.pool()->id, result.server, Loop::now(), actions_);
    }
  }
}

TakeOutcome Worker::await_welcome(ClientSession& client, std::string& error) {
  TakeResult result = commons_.ledger.take(client.pool()->id, waiter_for(client, true), Loop::now(), actions_);
  if (result.status == TakeStatus::refused) {
    error = std::move(result.error);
    return TakeOutcome::refused;
  }
  return TakeOutcome::queued;
}

void Worker::cancel_wait(ClientSession& client) {
  if (client.pool() != nullptr) commons_.ledger.cancel_wait(id_, client.id());
}

void Worker::server_logged_in(ServerSession& server, std::shared_ptr<const Welcome> welcome) {
  learn(server.pool(), welcome);
  commons_.ledger.login_succeeded(server.pool().id, server.id(), std::move(welcome), Loop::now(), actions_);
}

void Worker::server_login_failed(ServerSession& server, const LoginFailure& failure) {
  commons_.ledger.login_failed(server.pool().id, server.id(), failure, Loop::now(), actions_);
}

void Worker::server_tested(ServerSession& server) { commons_.ledger.mark_tested(server.pool().id, server.id()); }
void Worker::server_held(ServerSession& server) { commons_.ledger.mark_being_canceled(server.pool().id, server.id()); }
void Worker::server_free(ServerSession& server) {
  commons_.ledger.give(server.pool().id, server.id(), server.last_packet(), actions_);
}
bool Worker::server_close_needed(const ServerSession& server) {
  return commons_.ledger.close_needed(server.pool().id, server.id());
}

void Worker::cancel(ClientSession& requester, ByteView key) {
  ClientSession::Key wanted{};
  std::copy_n(key.begin(), wanted.size(), wanted.begin());
  cancels_->ask(requester.id(), wanted);
}

void Worker::find_cancel(const ClientSession::Key& key, WorkerId origin, ConnectionId requester) {
  cancels_->find(clients_, key, origin, requester);
}

void Worker::cancel_answered(ConnectionId requester, bool found, const std::string& reason) {
  cancels_->answered(requester, found, reason);
}

bool Worker::stopped(const std::string& database) const { return commons_.ledger.stopped(database); }

void Worker::probe(const std::shared_ptr<const DatabaseConfig>& config, const std::string& user) {
  const ConnectionId id = commons_.shared.next_connection();
  auto view = std::make_unique<PoolView>();
  view->database = config->name;
  view->user = user;
  view->config = config;
  view->state = commons_.shared.database(config->name);
  auto server = std::make_unique<ServerSession>(*context_, *view, id, "");
  server->set_probe();
  ServerSession& session = *server;
  servers_.emplace(id, std::move(server));
  probes_.emplace(id, std::move(view));
  session.start_login();
}

void Worker::probe_ended(ServerSession& server) {
  server.pool().state->auth_kinds.answered(Loop::now());
  std::vector<ClientSession*> asking;
  for (const auto& [id, client] : clients_) {
    if (client->phase() == ClientPhase::login) asking.push_back(client.get());
  }
  for (ClientSession* client : asking) client->on_probe();
}

std::unique_ptr<ConsoleBackend> Worker::open_console(ClientSession& client, bool admin, const VariableValues& asked) {
  return std::make_unique<ConsoleLink>(*this, client, admin, asked);
}

void Worker::console_answer(ConnectionId session, ConsoleReply reply) {
  ClientSession* client = find_client(session);
  if (client != nullptr && client->is_console()) static_cast<ConsoleLink&>(client->console()).answer(std::move(reply));
}

// --- the ledger's actions --------------------------------------------------------------------------------------------

void Worker::settle() {
  while (!actions_.empty() || !context_->held.empty()) {
    context_->held.send_all();
    running_.swap(actions_);
    for (const Action& action : running_) {
      if (action.worker == id_) {
        carry_out(action);
      } else {
        commons_.workers[number(action.worker)]->post_call([action](Worker& other) { other.carry_out(action); });
      }
    }
    running_.clear();
  }
  for (const auto& server : retired_servers_) probes_.erase(server->id());
  retired_clients_.clear();
  retired_servers_.clear();
  context_->lent.ahead.turn_over();
  context_->clock.turn_over();
  context_->handshakes.new_turn();
}

void Worker::carry_out(const Action& action) {
  switch (action.kind) {
    case Action::Kind::launch: return launch(action);
    case Action::Kind::serve: return serve(find_server(action.server), action.pool, action.server, action.client);
    case Action::Kind::hand_over: return hand_over(action);
    case Action::Kind::check:
      if (ServerSession* server = find_server(action.server)) server->run_check();
      return;
    case Action::Kind::close:
      if (ServerSession* server = find_server(action.server)) server->close(action.close_reason);
      return;
    case Action::Kind::fail:
      if (ClientSession* client = find_client(action.client)) client->fail(action.reason, action.code);
      return;
    case Action::Kind::welcome:
      if (ClientSession* client = find_client(action.client)) {
        learn(*client->pool(), action.welcome);
        client->on_welcome();
      }
      return;
  }
}

void Worker::launch(const Action& action) {
  PoolView* pool = view(action.pool);
  if (pool == nullptr) {
    // min_pool_size can ask a worker that never had a client of this pool.
    for (const Ledger::PoolInfo& info : commons_.ledger.pools()) {
      if (info.id != action.pool) continue;
      const std::shared_ptr<const DatabaseConfig> database = context_->snapshot->database(info.key.database);
      if (database) pool = &open_pool(database, info.key.user);
    }
  }
  if (pool == nullptr) {
    return commons_.ledger.login_failed(action.pool, action.server,
                                        {LoginFailure::Kind::connection, {}, "pool is gone"}, Loop::now(), actions_);
  }
  if (action.reason == "reserve") {
    const ClientSession* client = find_client(action.client);
    commons_.log.warning(
        fmt::format("{}taking connection from reserve_pool", client != nullptr ? client->log_prefix() : ""));
  }
  auto server = std::make_unique<ServerSession>(*context_, *pool, action.server, action.options);
  ServerSession& session = *server;
  servers_.emplace(action.server, std::move(server));
  session.start_login();
}

/// The client if it is here and still waits for a server; null else.
ClientSession* Worker::waiting_client(ConnectionId id) {
  ClientSession* client = find_client(id);
  const bool waits = client != nullptr && client->phase() == ClientPhase::waiting && client->logged_in();
  return waits ? client : nullptr;
}

void Worker::serve(ServerSession* server, PoolId pool, ConnectionId server_id, ConnectionId client) {
  if (server != nullptr) return lend(*server, client);
  commons_.ledger.removed(pool, server_id, Loop::now(), actions_);
  // The connection ended after it was promised, within one turn: the client is in no queue any more.
  if (ClientSession* waiting = waiting_client(client)) waiting->on_no_server();
}

/// The server is this worker's, and active for `client` in the ledger's books.
void Worker::lend(ServerSession& server, ConnectionId client_id) {
  ClientSession* client = waiting_client(client_id);
  if (!server.fit()) {
    server.close("idle server got dirty");
    if (client != nullptr) client->on_no_server();
    return;
  }
  if (client != nullptr) {
    client->on_server(server);
  } else {
    commons_.ledger.give(server.pool().id, server.id(), Loop::now(), actions_);
  }
}

void Worker::hand_over(const Action& action) {
  const auto found = servers_.find(action.server);
  if (found == servers_.end()) return;
  ServerSession& server = *found->second;
  if (!server.fit()) return server.close("idle server got dirty");
  std::shared_ptr<const DatabaseConfig> config = server.pool().config;
  std::string user = server.pool().user;
  server.detach();
  std::unique_ptr<ServerSession> moving = std::move(found->second);
  servers_.erase(found);
  commons_.workers[number(action.to)]->post_call([moving = std::move(moving), pool = action.pool,
                                                  client = action.client, config = std::move(config),
                                                  user = std::move(user)](Worker& other) mutable {
    other.adopt_server(std::move(moving), pool, client, config, user);
  });
}

void Worker::adopt_server(std::unique_ptr<ServerSession> server, PoolId pool, ConnectionId client,
                          const std::shared_ptr<const DatabaseConfig>& config, const std::string& user) {
  ServerSession& session = *server;
  PoolView* mine = view(pool);
  if (mine == nullptr) {
    // The other worker may not have heard of the last RELOAD when it let go.
    const std::shared_ptr<const DatabaseConfig> present = context_->snapshot->database(config->name);
    mine = &open_pool(present ? present : config, user);
  }
  session.attach(*context_, *mine);
  servers_.emplace(session.id(), std::move(server));
  // Between its workers nobody read what it says. If that is its end, the ledger puts the client back into its queue.
  session.look();
  if (session.phase() == ServerPhase::closed) return;
  // When it may not be lent, the ledger puts the client back into its queue.
  if (const char* reason = commons_.ledger.moved(pool, session.id(), id_)) return session.close(reason);
  lend(session, client);
}

// --- upkeep ----------------------------------------------------------------------------------------------------------

/// Clients that do not stay do not count: who connects for a few queries waits for a handshake anyway.
void Worker::watch_traffic(const std::vector<ClientSession*>& clients, TimePoint now) {
  const bool speak = std::ranges::any_of(
      clients, [this](const ClientSession* client) { return client->stays() && client->spoke_since(last_tick_); });
  context_->handshakes.tick(speak, now);
  last_tick_ = now;
}

void Worker::tell_refusals() {
  const std::uint64_t now = loop_.polls().refusals();
  const std::uint64_t fresh = now - std::exchange(refusals_told_, now);
  if (fresh == 0) return;
  commons_.log.error(fmt::format(
      "closed {} connections: the system watches no more for this user (fs.epoll.max_user_watches)", fresh));
}

void Worker::tick() {
  const TimePoint now = Loop::now();
  std::vector<ClientSession*> clients;
  clients.reserve(clients_.size());
  for (const auto& [id, client] : clients_) clients.push_back(client.get());
  watch_traffic(clients, now);
  for (ClientSession* client : clients) client->tick(now);
  std::vector<ServerSession*> servers;
  for (const auto& [id, server] : servers_) servers.push_back(server.get());
  for (ServerSession* server : servers) server->tick(now);
  cancels_->tick(now);
  forget_old_views();
  tell_refusals();
  if (left_since_trim_ < kTrimAfter) return;
  left_since_trim_ = 0;
  malloc_trim(0);
}

}  // namespace uvb
