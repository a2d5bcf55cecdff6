#include "session/server_login.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "protocol/messages.h"
#include "protocol/startup.h"
#include "protocol/write.h"
#include "transport/plain_transport.h"

namespace uvb {

namespace {

constexpr std::size_t kLargestLoginMessage = std::size_t{1} << 20;

}  // namespace

ServerLogin::ServerLogin(ServerSession& server)
    : server_(server),
      context_(*server.context_),
      started_at_(Loop::now()),
      self_(std::make_shared<ServerLogin*>(this)) {}

ServerLogin::~ServerLogin() {
  *self_ = nullptr;
  off_loop_.abandon(std::move(transport_), std::move(authenticator_));
}

void ServerLogin::start() {
  snapshot_ = context_.snapshot;
  database_ = server_.pool_->config;
  connector_ = std::make_unique<Connector>(context_, database_, server_.pool_->state,
                                           [this](Result<UniqueFd> result) { on_connected(std::move(result)); });
  connector_->start();
}

void ServerLogin::on_connected(Result<UniqueFd> result) {
  server_.address_ = connector_->address();
  if (!result) {
    fail_connection(result.error().message);
    return;
  }
  server_.connected_at_ = Loop::now();
  transport_ = std::make_unique<PlainTransport>((*result).release());
  server_.poll_.emplace(context_.loop, transport_->descriptor(), server_, Readiness{.readable = true});
  if (context_.settings().log_connections) {
    const SocketAddress local = local_address(transport_->descriptor());
    const std::string from = server_.address_.is_unix ? "" : fmt::format(" (from {})", printable(local));
    context_.log.log(server_.log_prefix() + "new connection to server" + from);
  }
  if (ssl_mode() != SslMode::disable && !server_.address_.is_unix) {
    ask_for_tls();
  } else {
    send_startup();
  }
}

void ServerLogin::ask_for_tls() {
  step_ = Step::ssl_answer;
  Buffer request;
  append_ssl_request(request);
  if (send(request)) watch(true);
}

void ServerLogin::on_ssl_answer() {
  std::array<std::uint8_t, 2> answer{};
  const ssize_t count = ::recv(transport_->descriptor(), answer.data(), answer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return fail_connection("server conn crashed?");
  // Bytes behind the answer were not protected by TLS: somebody may have put them there.
  if (count > 1) return fail_connection("received unencrypted data after SSL response");
  if (answer[0] == 'S') return start_tls();
  if (answer[0] != 'N') return fail_connection("bad sslreq answer");
  if (ssl_mode() > SslMode::prefer) return fail_connection("server refused SSL");
  send_startup();
}

void ServerLogin::start_tls() {
  if (!snapshot_->server_tls) {
    context_.log.warning(fmt::format("TLS connect error: {}", snapshot_->server_tls_error));
    return fail_connection("TLS startup failed: " + snapshot_->server_tls_error);
  }
  step_ = Step::tls_handshake;
  auto tls = std::make_unique<TlsTransport>(transport_->release_descriptor(),
                                            TlsEngine::connect(snapshot_->server_tls, server_.address_.host, false));
  tls_ = tls.get();
  transport_ = std::move(tls);
  step_handshake_elsewhere();
}

void ServerLogin::shake_hands() {
  const ReadResult result = tls_->read_cipher(context_.lent.scratch);
  if (result.status == IoStatus::blocked) return;
  if (result.status != IoStatus::ok) return fail_connection("server conn crashed?");
  step_handshake_elsewhere();
}

void ServerLogin::step_handshake_elsewhere() {
  watch(false);
  auto status = std::make_shared<TlsStatus>(TlsStatus::failed);
  off_loop_.run(
      context_.crypto, [engine = &tls_->engine(), status] { *status = engine->handshake(); },
      [this, status] { on_handshake(*status); });
}

void ServerLogin::on_handshake(TlsStatus status) {
  if (tls_->send_cipher() == IoStatus::failed || status == TlsStatus::failed || status == TlsStatus::closed) {
    const std::string words = "TLS handshake error: " + tls_->handshake_error();
    context_.log.warning(server_.log_prefix() + words);
    return fail_connection(words);
  }
  if (status == TlsStatus::needs_input) return watch(true);
  server_.tls_text_ = tls_->engine().description();
  if (context_.settings().log_connections) {
    context_.log.log(fmt::format("{}SSL established: {}", server_.log_prefix(), server_.tls_text_));
  }
  send_startup();
}

void ServerLogin::send_startup() {
  step_ = Step::authentication;
  std::vector<StartupParameter> parameters{{"database", database_->dbname}};
  for (const auto& [key, value] : database_->startup_parameters) parameters.push_back({key, value});
  if (!server_.options_.empty()) parameters.push_back({"options", server_.options_});
  parameters.push_back({"user", server_.pool_->user});
  Buffer packet;
  append_startup(packet, parameters);
  if (send(packet)) watch(true);
}

void ServerLogin::on_ready() {
  if (step_ == Step::connecting || off_loop_.busy()) return;
  if (transport_->blocked()) {
    if (transport_->flush() == IoStatus::failed) return fail_connection("server conn crashed?");
    watch(true);
  }
  if (step_ == Step::ssl_answer) return on_ssl_answer();
  if (step_ == Step::tls_handshake) return shake_hands();
  read_messages();
}

void ServerLogin::read_messages() {
  ByteView bytes;
  const ReadResult result = server_.window_.fill(*transport_, context_.lent, bytes);
  if (result.status == IoStatus::blocked) return;
  if (result.status != IoStatus::ok) return fail_connection("server conn crashed?");
  server_.last_packet_ = Loop::now();
  // What a handler does may end the login and this object with it: the bytes are put aside first.
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  server_.window_.done(bytes, bytes.size());
  const std::shared_ptr<ServerLogin*> self = self_;
  ServerSession& server = server_;
  const std::uint32_t limit = static_cast<std::uint32_t>(kLargestLoginMessage);
  ByteView rest(copy);
  for (;;) {
    MessageHead head;
    const HeadStatus status = read_head(rest, limit, head);
    if (status == HeadStatus::bad) return fail_connection("bad pkt header");
    if (status == HeadStatus::incomplete || rest.size() < head.size) break;
    const bool go_on = on_message(head, rest.subspan(kHeadSize, head.body_size()));
    if (*self == nullptr) {
      // Logged in: what the server said behind its ReadyForQuery nobody asked for.
      if (server.phase() != ServerPhase::closed && rest.size() > head.size) server.close("idle server got dirty");
      return;
    }
    rest = rest.subspan(head.size);
    if (!go_on) break;
  }
  server_.window_.keep(rest);
}

bool ServerLogin::on_message(const MessageHead& head, ByteView body) {
  switch (head.type) {
    case 'R': return on_auth_request(body);
    case 'E': return on_error_response(body);
    case 'S': on_parameter(body); return true;
    case 'K':
      if (const auto key = read_backend_key(body)) {
        server_.backend_key_.assign(key->begin(), key->end());
        return true;
      }
      fail_connection("bad cancel key");
      return false;
    case 'Z':
      if (!read_ready_status(body)) {
        fail_connection("bad pkt header");
        return false;
      }
      on_ready_for_query();
      return true;
    case 'N': return true;
    default: break;
  }
  // Rows, whatever it was that made them, and what else comes with the answer to a query.
  if (step_ == Step::connect_query && std::string_view("TDCIsHdcA").find(head.type) != std::string_view::npos) {
    return true;
  }
  fail_connection("unknown pkt from server");
  return false;
}

bool ServerLogin::on_auth_request(ByteView body) {
  if (step_ != Step::authentication) {
    fail_connection("unknown pkt from server");
    return false;
  }
  if (!authenticator_) {
    ServerCredentials held = credentials();
    sent_password_ = held.clear_password;
    authenticator_ = make_server_authenticator(
        std::move(held), tls_ != nullptr ? tls_->engine().server_end_point() : std::vector<std::uint8_t>{});
  }
  AuthStep step = authenticator_->on_message(body);
  server_.pool_->state->auth_kinds.learn(server_.pool_->user, authenticator_->kind());
  if (server_.probe_) {
    server_.close("probe answered");
    return false;
  }
  return apply(std::move(step));
}

bool ServerLogin::apply(AuthStep step) {
  if (step.status == AuthStatus::rejected) {
    if (!step.log_text.empty()) context_.log.error(server_.log_prefix() + step.log_text);
    const bool unsupported = step.error.starts_with("unknown/unsupported");
    const bool hash_only = authenticator_->kind() == ServerAuthKind::cleartext;
    if (hash_only && !unsupported) {
      step.error =
          "server login failed: wrong password type: the server wants a clear-text password and only a hash of it is"
          " stored";
      // Those who wait may have TLS or not: it holds for both.
      if (can_ask_clients()) step.error += "; log in again, with TLS (sslmode=require), so that it can be asked for";
    }
    fail({unsupported ? LoginFailure::Kind::connection : LoginFailure::Kind::local, {}, step.error},
         "failed to answer authreq");
    return false;
  }
  if (!step.reply.empty()) warn_of_bare_password();
  if (!step.reply.empty() && !send(step.reply)) return false;
  step.reply.wipe();
  if (step.status == AuthStatus::accepted) step_ = Step::greeting;
  if (step.status != AuthStatus::needs_work) return true;
  run_auth_work();
  return false;
}

bool ServerLogin::can_ask_clients() const {
  const bool may = context_.snapshot->config->uvbouncer.cleartext_server_auth == CleartextServerAuth::ask;
  return may && !server_.pool_->config->user;
}

/// Once for a database: every login of its pools sends one.
void ServerLogin::warn_of_bare_password() const {
  if (authenticator_->kind() != ServerAuthKind::cleartext || tls_ != nullptr) return;
  if (is_loopback(server_.address_.socket) || server_.pool_->state->bare_password_told.exchange(true)) return;
  context_.log.warning(server_.log_prefix() +
                       "the password travels to the server in clear text: the server asked for it and there"
                       " is no TLS on the way to it (server_tls_sslmode)");
}

void ServerLogin::run_auth_work() {
  watch(false);
  off_loop_.run(
      context_.crypto, [authenticator = authenticator_.get()] { authenticator->work(); },
      [this] {
        const std::shared_ptr<ServerLogin*> self = self_;
        if (apply(authenticator_->after_work()) && *self != nullptr) watch(true);
      });
}

ServerCredentials ServerLogin::credentials() const {
  const PoolView& pool = *server_.pool_;
  ServerCredentials held;
  held.user = pool.user;
  const bool forced = database_->forces(pool.user);
  if (forced && database_->password && !database_->password->empty()) {
    held.secret = std::make_shared<const StoredSecret>(database_->password->view());
    return held;
  }
  held.secret = context_.snapshot->secret(pool.user);
  // Keys and passwords belong to the login user, never to a forced one (D7 of behaviour.md 11.1).
  if (forced) return held;
  LoginSecrets secrets = context_.shared.secrets(pool.database, pool.user);
  held.clear_password = std::move(secrets.clear_password);
  held.scram_keys = std::move(secrets.scram_keys);
  return held;
}

/// True: the login goes on, since a connect_query may fail.
bool ServerLogin::on_error_response(ByteView body) {
  const auto fields = ErrorFields::read(body);
  const std::string message(fields ? fields->message() : std::string_view{});
  const std::string_view severity = fields ? fields->severity() : std::string_view{};
  if (step_ == Step::connect_query) {
    context_.log.error(fmt::format("S: error while executing exec_on_query: {}: {}", severity, message));
    return true;
  }
  context_.log.warning(fmt::format("server login failed: {} {}", severity, message));
  if (sent_password_) {
    // Changed on the server: the next client is asked anew, this one is not tried again (design.md 5).
    context_.shared.forget_password(server_.pool_->database, server_.pool_->user, sent_password_.get());
  }
  fail({LoginFailure::Kind::server, std::string(fields ? fields->code() : std::string_view{}), message}, message);
  return false;
}

void ServerLogin::on_parameter(ByteView body) {
  const auto parameter = read_parameter_status(body);
  if (!parameter) return fail_connection("broken ParameterStatus packet");
  if (parameter->name == "questdb_version") welcome_.flavour = ServerFlavour::questdb;
  if (const auto index = context_.variables.find(parameter->name)) {
    auto value = std::make_shared<const std::string>(parameter->value);
    welcome_.tracked.set(*index, value);
    server_.variables_.set(*index, std::move(value));
    return;
  }
  constexpr std::size_t kMostParameters = 256;
  for (auto& [name, value] : welcome_.untracked) {
    if (name == parameter->name) {
      value = parameter->value;
      return;
    }
  }
  if (welcome_.untracked.size() >= kMostParameters) return fail_connection("failed to store ParameterStatus");
  welcome_.untracked.emplace_back(parameter->name, parameter->value);
}

void ServerLogin::on_ready_for_query() {
  if (step_ == Step::authentication) return fail_connection("unknown pkt from server");
  const std::optional<std::string>& query = database_->connect_query;
  if (step_ == Step::greeting && query && !query->empty()) {
    step_ = Step::connect_query;
    Buffer packet;
    append_query(packet, *query);
    send(packet);
    return;
  }
  finish();
}

/// A RELOAD during the login has changed what is to be connected to. The ledger knows only of servers it had then.
bool ServerLogin::outdated() const {
  return server_.pool_->config->needs_recycle(*database_) || !snapshot_->same_server_tls(*context_.snapshot);
}

void ServerLogin::finish() {
  // Ends this object.
  if (outdated() && !server_.is_probe()) return server_.close("connect string changed");
  server_.pool_->state->silence.with([](std::string& silence) { silence.clear(); });
  server_.pool_->state->flavour.store(welcome_.flavour, std::memory_order_relaxed);
  server_.variables_.share_if_equal(welcome_.tracked);
  // Ends this object.
  server_.logged_in(std::move(transport_), std::make_shared<const Welcome>(std::move(welcome_)));
}

bool ServerLogin::send(Buffer& bytes) {
  const iovec piece = as_iovec(bytes.view());
  const IoStatus status = transport_->send({&piece, 1}, context_.lent.scratch);
  if (status == IoStatus::failed) {
    fail_connection("server conn crashed?");
    return false;
  }
  if (status == IoStatus::blocked) watch(true);
  return true;
}

void ServerLogin::watch(bool readable) {
  server_.poll_->watch({.readable = readable, .writable = transport_->blocked()});
}

void ServerLogin::timed_out() {
  if (step_ == Step::connecting) return fail_connection("connect timeout");
  // A server that takes the connection and says nothing is full or stuck: QuestDB at its limit does just that.
  const std::string words = "the server accepts connections but does not answer: is it at its connection limit?";
  server_.pool_->state->silence.with([&](std::string& silence) { silence = words; });
  fail_connection("connect timeout: " + words);
}

void ServerLogin::fail(LoginFailure failure, const std::string& reason) {
  ServerSession& server = server_;
  if (!server.probe_) context_.services.server_login_failed(server, failure);
  // Ends this object.
  server.close(reason, false);
}

}  // namespace uvb
