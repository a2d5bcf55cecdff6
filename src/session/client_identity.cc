// Who a client is: its startup packet, its authentication, its welcome.
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/console_name.h"
#include "config/list.h"
#include "protocol/messages.h"
#include "protocol/startup.h"
#include "protocol/write.h"
#include "session/client_login.h"

namespace uvb {

namespace {

constexpr std::size_t kLongestUser = 127;
constexpr std::size_t kLongestDatabaseShown = 63;

AuthMethod method_of(AuthType type) {
  switch (type) {
    case AuthType::any: return AuthMethod::any;
    case AuthType::trust: return AuthMethod::trust;
    case AuthType::plain: return AuthMethod::plain;
    case AuthType::scram_sha_256: return AuthMethod::scram;
    case AuthType::cert: return AuthMethod::cert;
    default: return AuthMethod::md5;
  }
}

std::string_view replication_word(Replication replication) {
  if (replication == Replication::none) return "no";
  return replication == Replication::logical ? "database" : "yes";
}

ClientSession::Key random_key(int peer_id) {
  ClientSession::Key key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) std::abort();
  key[0] &= 0x7f;
  if (peer_id != 0) {
    key[1] = static_cast<std::uint8_t>(peer_id);
    key[2] = static_cast<std::uint8_t>(peer_id >> 8);
    key[7] |= 3;
  }
  return key;
}

}  // namespace

void ClientLogin::on_startup(ByteView body, std::uint16_t minor) {
  const auto& tls = context_.snapshot->client_tls;
  const bool tls_needed = tls && tls->settings().mode >= SslMode::require && !client_.address_->is_unix;
  if (tls_needed && tls_ == nullptr) return client_.fail("SSL required");
  if (!take_request(body)) return;
  const int limit = context_.settings().max_client_conn;
  if (context_.shared.clients.value() > limit && !is_console_) {
    return client_.fail("no more connections allowed (max_client_conn)");
  }
  negotiate(minor);
  if (!find_database() || !check_refusal()) return;
  if (request_.user.size() > kLongestUser) return client_.fail("username too long");
  if (!join_limits()) return;
  own_user_ = is_console_ && client_.address_->is_unix && client_.address_->unix_uid == getuid() &&
              request_.user == kConsoleName;
  if (auto user = user_for_all()) client_.user_ = std::make_shared<const std::string>(std::move(*user));
  log_attempt();
  if (!check_console()) return;
  choose_method();
}

std::optional<std::string> ClientLogin::user_for_all() const {
  const bool any = context_.settings().auth_type == AuthType::any;
  if (is_console_) return any || own_user_ ? std::optional<std::string>(kConsoleName) : std::nullopt;
  return any && database_ ? database_->user : std::nullopt;
}

bool ClientLogin::take_request(ByteView body) {
  request_ = read_startup_request(body, context_.variables, context_.settings().ignore_startup_parameters);
  if (!request_.error.empty()) {
    client_.fail(request_.error);
    return false;
  }
  client_.user_ = std::make_shared<const std::string>(request_.user);
  is_console_ = request_.database == kConsoleName;
  if (context_.settings().application_name_add_host) add_host_to_name();
  return true;
}

void ClientLogin::add_host_to_name() {
  const VariableValues::Value& name = request_.variables.get(VariableTable::kApplicationName);
  std::string where = client_.remote_text();
  if (client_.address_->is_unix) {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    where = fmt::format("unix({}@{}):{}", client_.address_->unix_pid, host.data(), context_.settings().listen_port);
  }
  request_.variables.set(VariableTable::kApplicationName, fmt::format("{} - {}", name ? *name : "app", where));
}

void ClientLogin::negotiate(std::uint16_t minor) {
  if ((minor == 0 && request_.extensions.empty()) || greeted_) return;
  greeted_ = true;
  const std::vector<std::string_view> names(request_.extensions.begin(), request_.extensions.end());
  Buffer message;
  append_negotiate_protocol(message, names);
  client_.say(message.view());
}

bool ClientLogin::find_database() {
  snapshot_ = context_.snapshot;
  if (is_console_) return true;
  database_ = snapshot_->database(request_.database);
  if (!database_) {
    if (snapshot_->config->autodb)
      context_.log.error(uvb::find_database(*snapshot_->config, request_.database).error().message);
    fake_database_ = true;
    imitate_a_database();
    return true;
  }
  state_ = context_.shared.database(request_.database);
  asking_database_ = database_;
  asking_state_ = state_;
  return true;
}

/// What is asked must not tell that there is no such database (guarantee G10).
void ClientLogin::imitate_a_database() {
  const auto& databases = snapshot_->config->databases;
  const auto model = std::ranges::find_if(databases, [](const auto& entry) { return !entry.second.user; });
  if (model == databases.end()) return;
  asking_database_ = snapshot_->database(model->first);
  asking_state_ = context_.shared.database(model->first);
}

/// Not before the password: of names that strangers think up nothing lasts.
void ClientLogin::announce() {
  if (context_.snapshot->config->databases.contains(request_.database) || state_->announced.exchange(true)) return;
  context_.log.log(fmt::format("registered new auto-database: {}", request_.database));
}

/// A RELOAD during the login can have taken away what was found at its begin.
bool ClientLogin::find_again() {
  if (snapshot_ == context_.snapshot) return true;
  const std::shared_ptr<const StoredSecret> present = context_.snapshot->secret(request_.user);
  const bool same = present && secret_ ? present->text() == secret_->text() : present == secret_;
  if (!same) {
    client_.fail("password authentication failed");
    return false;
  }
  if (is_console_ || fake_database_) return true;
  database_ = context_.snapshot->database(request_.database);
  if (database_) return true;
  client_.fail("database removed");
  return false;
}

/// A parameter that only QuestDB takes: whether this is one may not be known before a server has said so.
bool ClientLogin::check_refusal() {
  if (request_.refusal.empty()) return true;
  const ServerFlavour flavour =
      asking_state_ ? asking_state_->flavour.load(std::memory_order_relaxed) : ServerFlavour::postgresql;
  if (flavour == ServerFlavour::questdb) {
    warn_of_ignored_parameters();
    return true;
  }
  if (flavour == ServerFlavour::unknown) {
    refused_until_known_ = true;
    return true;
  }
  if (!request_.refused_parameter.empty()) context_.log.warning(client_.log_prefix() + request_.refused_parameter);
  client_.fail(request_.refusal);
  return false;
}

/// Once for a database: drivers send the same with every login.
void ClientLogin::warn_of_ignored_parameters() {
  if (!state_ || state_->ignored_parameters_told.exchange(true)) return;
  const std::string& what = request_.refused_parameter.empty() ? request_.refusal : request_.refused_parameter;
  context_.log.warning(fmt::format("{}accepted though QuestDB ignores it: {}", client_.log_prefix(), what));
}

bool ClientLogin::join_limits() {
  const Config& config = *context_.snapshot->config;
  const bool exempt = is_console_ && list_contains(config.settings.admin_users, request_.user);
  if (state_) {
    if (!state_->clients.join(max_db_client_connections(config, *database_))) {
      client_.fail("client connections exceeded (max_db_client_connections)");
      return false;
    }
    client_.database_count_ = state_;
  }
  const std::shared_ptr<ClientCount> user = context_.shared.user(request_.user);
  if (!user->join(exempt ? 0 : max_user_client_connections(config, request_.user))) {
    client_.fail("client connections exceeded (max_user_client_connections)");
    return false;
  }
  client_.user_count_ = user;
  return true;
}

void ClientLogin::log_attempt() const {
  if (!context_.settings().log_connections) return;
  if (own_user_) context_.log.log(client_.log_prefix() + "pgbouncer access from unix socket");
  const std::string tls = tls_ != nullptr ? tls_->engine().description() : "no";
  context_.log.log(fmt::format("{}login attempt: db={} user={} tls={} replication={}", client_.log_prefix(),
                               request_.database, client_.user(), tls, replication_word(request_.replication)));
}

/// false: the session has ended.
bool ClientLogin::check_console() {
  const Settings& settings = context_.settings();
  if (request_.replication != Replication::none && !is_console_) {
    client_.fail("replication connections are not supported by this version of uvbouncer");
    return false;
  }
  if (!is_console_) return true;
  is_admin_ = own_user_ || list_contains(settings.admin_users, request_.user);
  const bool known = context_.snapshot->users->contains(request_.user);
  const bool may =
      is_admin_ || list_contains(settings.stats_users, request_.user) || settings.auth_type == AuthType::any;
  if (!known || may) return true;
  client_.fail("not allowed");
  return false;
}

bool ClientLogin::bridge_possible() const {
  if (asking_database_ == nullptr || tls_ == nullptr || asking_database_->user) return false;
  if (method_ != AuthMethod::md5 && method_ != AuthMethod::scram) return false;
  if (context_.snapshot->config->uvbouncer.cleartext_server_auth != CleartextServerAuth::ask) return false;
  const std::shared_ptr<const StoredSecret> secret = secret_to_check();
  return secret != nullptr && secret->is_hash();
}

/// An unknown user is treated as those of the list are, and as slowly (guarantee G10).
std::shared_ptr<const StoredSecret> ClientLogin::secret_to_check() const {
  const bool known = secret_ != nullptr && secret_->kind() != SecretKind::none;
  return known ? secret_ : context_.snapshot->stand_in.secret;
}

void ClientLogin::choose_method() {
  method_ = method_of(context_.settings().auth_type);
  if (own_user_) method_ = AuthMethod::any;
  if (method_ == AuthMethod::any && !is_console_ && (fake_database_ || !database_->user)) {
    context_.log.error(client_.log_prefix() + "auth_type=any requires forced user");
    return client_.fail("bouncer config error");
  }
  secret_ = snapshot_->secret(request_.user);
  if (!secret_ && method_ != AuthMethod::any) {
    context_.log.log(fmt::format("{}no such user: {}", client_.log_prefix(), request_.user));
  }
  decide_bridge();
}

void ClientLogin::on_probe() {
  if (step_ == Step::probe) decide_bridge();
}

/// Goes on when it is known which password the server will want: with only a hash stored and a server that takes
/// nothing but clear text, the client has to be asked for it (design.md 5). Where nobody can tell soon, the client is
/// asked as configured: whether its password is true must not depend on the server.
void ClientLogin::decide_bridge() {
  if (!bridge_possible()) return begin_authentication();
  const ServerAuthKind kind = asking_state_->auth_kinds.of(asking_user());
  if (kind == ServerAuthKind::cleartext) method_ = AuthMethod::bridge;
  if (kind != ServerAuthKind::unknown || !may_ask_server()) return begin_authentication();
  const AuthKinds::Turn turn = asking_state_->auth_kinds.turn(Loop::now());
  if (turn == AuthKinds::Turn::go_on) return begin_authentication();
  step_ = Step::probe;
  client_.update_interest();
  if (turn == AuthKinds::Turn::ask) context_.services.probe(asking_database_, asking_user());
}

/// Nobody is known yet: an operator's PAUSE or DISABLE is not undone by whoever connects.
bool ClientLogin::may_ask_server() const {
  return !asking_state_->disabled.load(std::memory_order_relaxed) && !context_.services.stopped(asking_database_->name);
}

/// Servers are not told names that strangers made up.
const std::string& ClientLogin::asking_user() const {
  return secret_ != nullptr ? request_.user : context_.snapshot->stand_in.user;
}

void ClientLogin::begin_authentication() {
  ClientAuthRequest request;
  request.method = method_;
  request.user = request_.user;
  request.secret = method_ == AuthMethod::bridge ? secret_to_check() : secret_;
  request.scram_iterations = context_.settings().scram_iterations;
  request.mock_key = context_.snapshot->mock_key;
  if (tls_ != nullptr) request.channel_binding = tls_->engine().server_end_point();
  if (method_ == AuthMethod::cert) {
    const bool shown = tls_ != nullptr && tls_->engine().peer_verified();
    request.certificate_ok = shown && tls_->engine().peer_names(request_.user);
    if (!request.certificate_ok) {
      context_.log.error(client_.log_prefix() + (tls_ == nullptr ? "TLS connection required"
                                                 : shown         ? "TLS certificate name mismatch"
                                                                 : "TLS client certificate required"));
    }
  }
  authenticator_ = make_client_authenticator(std::move(request));
  step_ = Step::authentication;
  apply(authenticator_->start());
}

void ClientLogin::on_auth_message() {
  const ByteView unread = client_.window_.kept();
  if (unread[0] == 0) return client_.fail("client re-sent startup pkt");
  MessageHead head;
  const HeadStatus status = read_head(unread, context_.settings().max_packet_size, head);
  if (status == HeadStatus::bad) return client_.fail(bad_header_text(unread));
  if (status == HeadStatus::incomplete) return;
  // Unauthenticated clients do not get to fill the memory: the longest password is far shorter.
  constexpr std::uint32_t kLongestPasswordMessage = 1U << 20;
  if (head.type != 'p' || head.size > kLongestPasswordMessage) return client_.close("bad packet");
  if (unread.size() < head.size) return;
  AuthStep step = authenticator_->on_message(unread.subspan(kHeadSize, head.body_size()));
  client_.window_.done(unread, head.size);
  apply(std::move(step));
}

void ClientLogin::apply(AuthStep step) {
  if (step.status == AuthStatus::accepted) {
    // The last word of SCRAM travels with the welcome.
    held_reply_ = std::move(step.reply);
    return authenticated();
  }
  client_.say(step.reply.view());
  if (step.status == AuthStatus::rejected) {
    if (!step.log_text.empty()) context_.log.error(client_.log_prefix() + step.log_text);
    return client_.fail(step.error);
  }
  if (step.status == AuthStatus::needs_work) return run_auth_work();
  client_.update_interest();
}

void ClientLogin::run_auth_work() {
  off_loop_.run(
      context_.crypto, [authenticator = authenticator_.get()] { authenticator->work(); },
      [this] { apply(authenticator_->after_work()); });
  client_.update_interest();
}

std::string ClientLogin::pool_user() const { return database_->user ? *database_->user : request_.user; }

void ClientLogin::authenticated() {
  if (!find_again()) return;
  if (fake_database_) {
    if (context_.settings().log_connections) {
      context_.log.log(
          fmt::format("{}login failed: db={} user={}", client_.log_prefix(), request_.database, request_.user));
    }
    client_.say(held_reply_.view());
    return client_.fail(
        fmt::format("no such database: {}", std::string_view(request_.database).substr(0, kLongestDatabaseShown)));
  }
  if (is_console_) return open_console();
  if (state_->disabled.load(std::memory_order_relaxed)) {
    client_.say(held_reply_.view());
    return client_.fail(fmt::format("database \"{}\" is disabled", request_.database));
  }
  if (context_.shared.shutting_down.load(std::memory_order_relaxed)) {
    client_.say(held_reply_.view());
    return client_.fail("pooler is shutting down");
  }
  if (!database_->user) {
    Secret password = authenticator_->take_password();
    if (tls_ != nullptr && !password.empty()) {
      context_.shared.remember_password(request_.database, request_.user,
                                        std::make_shared<const Secret>(std::move(password)));
    }
    if (auto keys = authenticator_->take_scram_keys()) {
      context_.shared.remember_scram_keys(request_.database, request_.user, std::move(keys));
    }
  }
  authenticator_.reset();
  announce();
  client_.pool_ = &context_.services.open_pool(database_, pool_user());
  ++client_.pool_->counters.client_login_count;
  if (client_.pool_->welcome_current) return welcome();
  await_welcome();
}

void ClientLogin::await_welcome() {
  client_.say(held_reply_.view());
  held_reply_.release();
  step_ = Step::welcome;
  std::string error;
  // Waiting begins now: what the client said before was its password.
  client_.last_packet_ = Loop::now();
  client_.phase_ = ClientPhase::waiting;
  client_.wait_start_ = client_.last_packet_;
  switch (context_.services.await_welcome(client_, error)) {
    case TakeOutcome::granted: return on_welcome();
    case TakeOutcome::queued: return client_.update_interest();
    case TakeOutcome::refused: return client_.fail(error);
  }
}

void ClientLogin::on_welcome() {
  client_.pool_->counters.wait_time += static_cast<std::uint64_t>((Loop::now() - client_.wait_start_).count());
  client_.wait_start_ = {};
  client_.phase_ = ClientPhase::login;
  welcome();
}

void ClientLogin::welcome() {
  if (refused_until_known_ && !check_refusal()) return;
  const std::shared_ptr<const Welcome> welcome = client_.pool_->welcome;
  Buffer out = std::move(held_reply_);
  append_auth_ok(out);
  for (const auto& [name, value] : welcome->untracked) append_parameter_status(out, name, value);
  client_.variables_ = std::move(request_.variables);
  client_.variables_.fill_from(welcome->tracked);
  for (std::size_t index = 0; index < context_.variables.size(); ++index) {
    const VariableValues::Value& value = client_.variables_.get(index);
    if (value) append_parameter_status(out, context_.variables.name(index), *value);
  }
  client_.key_ = random_key(context_.settings().peer_id);
  append_backend_key(out, client_.key_);
  const std::string& notice = context_.settings().login_notify_message;
  if (!notice.empty()) append_notice(out, "NOTICE", "00000", notice);
  append_ready(out, TransactionStatus::idle);
  if (client_.pool_->questdb() && !request_.questdb_options.empty()) {
    client_.server_options_ = std::make_shared<const std::string>(request_.questdb_options);
  }
  ClientSession& client = client_;
  client.say(out.view());
  client.phase_ = ClientPhase::active;
  client.logged_in_ = true;
  context_.services.client_joined(client);
  const std::unique_ptr<ClientLogin> self = std::move(client.login_);
  client.go_on();
}

void ClientLogin::open_console() {
  client_.console_ = context_.services.open_console(client_, is_admin_, request_.variables);
  Buffer out = std::move(held_reply_);
  client_.key_ = random_key(context_.settings().peer_id);
  client_.variables_ = std::move(request_.variables);
  client_.console_->append_welcome(out, client_.key_);
  ClientSession& client = client_;
  client.say(out.view());
  client.phase_ = ClientPhase::active;
  client.logged_in_ = true;
  const std::unique_ptr<ClientLogin> self = std::move(client.login_);
  client.go_on();
}

}  // namespace uvb
