#include "control/snapshot_builder.h"

#include "config/user_list.h"

namespace uvb {

namespace {

TlsSettings client_tls_settings(const Settings& settings) {
  TlsSettings tls;
  tls.mode = settings.client_tls_sslmode;
  tls.key_file = settings.client_tls_key_file;
  tls.cert_file = settings.client_tls_cert_file;
  tls.ca_file = settings.client_tls_ca_file;
  tls.protocols = settings.client_tls_protocols;
  tls.ciphers = settings.client_tls_ciphers;
  tls.tls13_ciphers = settings.client_tls13_ciphers.value_or("");
  tls.dheparams = settings.client_tls_dheparams;
  tls.ecdhcurve = settings.client_tls_ecdhcurve;
  return tls;
}

TlsSettings server_tls_settings(const Settings& settings) {
  TlsSettings tls;
  tls.mode = settings.server_tls_sslmode;
  tls.key_file = settings.server_tls_key_file;
  tls.cert_file = settings.server_tls_cert_file;
  tls.ca_file = settings.server_tls_ca_file;
  tls.protocols = settings.server_tls_protocols;
  tls.ciphers = settings.server_tls_ciphers;
  tls.tls13_ciphers = settings.server_tls13_ciphers.value_or("");
  return tls;
}

/// The auth_file, if there is one and anybody looks into it.
std::optional<std::string> users_file(const Settings& settings) {
  if (settings.auth_type == AuthType::any || settings.auth_file == "") return std::nullopt;
  return settings.auth_file;
}

StandIn stand_in_for(const UserSecrets& users) {
  std::map<SecretKind, std::vector<const UserSecrets::value_type*>> hashes;
  for (const auto& user : users) {
    if (user.second->is_hash()) hashes[user.second->kind()].push_back(&user);
  }
  if (hashes.empty()) return {};
  const bool scram = hashes[SecretKind::scram].size() > hashes[SecretKind::md5].size();
  const auto& [name, secret] = *hashes[scram ? SecretKind::scram : SecretKind::md5].front();
  return {name, make_stand_in(*secret)};
}

}  // namespace

std::shared_ptr<const UserSecrets> SnapshotBuilder::users(const Config& config, const Snapshot* previous) {
  const auto none = std::make_shared<const UserSecrets>();
  const std::shared_ptr<const UserSecrets> before = previous != nullptr ? previous->users : none;
  const std::optional<std::string> file = users_file(config.settings);
  if (!file) return none;
  const Result<UserList> list = load_user_list(*file);
  if (!list) {
    log_.error(list.error().message);
    return before;
  }
  if (list->error) log_.error(*list->error);
  auto users = std::make_shared<UserSecrets>();
  for (const auto& [name, secret] : list->secrets) {
    const auto known = before->find(name);
    const bool same = known != before->end() && known->second->text() == secret->view();
    users->emplace(name, same ? known->second : std::make_shared<const StoredSecret>(secret->view()));
  }
  return users;
}

Status SnapshotBuilder::set_up_server_tls(Snapshot& snapshot, const TlsSettings& settings, const Snapshot* previous) {
  if (Status texts = TlsContext::check(TlsSide::server, settings, false); !texts) return texts;
  auto context = TlsContext::load(TlsSide::server, settings, false);
  if (context) {
    snapshot.server_tls = std::move(context).value();
    return Done{};
  }
  if (previous != nullptr && previous->server_tls) return context.error();
  log_.error(context.error().message);
  log_.error("servers cannot be reached over TLS until this is mended and RELOAD has read it");
  snapshot.server_tls_error = context.error().message;
  return Done{};
}

Status SnapshotBuilder::set_up_tls(Snapshot& snapshot, const Snapshot* previous) {
  const Settings& settings = snapshot.config->settings;
  const bool auth_is_cert = settings.auth_type == AuthType::cert;
  if (auth_is_cert && settings.client_tls_sslmode != SslMode::verify_full) {
    return Error{"auth_type=cert requires client_tls_sslmode=SSLMODE_VERIFY_FULL"};
  }
  if (settings.client_tls_sslmode != SslMode::disable) {
    auto context = TlsContext::load(TlsSide::client, client_tls_settings(settings), auth_is_cert);
    if (!context) return context.error();
    snapshot.client_tls = std::move(context).value();
  }
  if (settings.server_tls_sslmode == SslMode::disable) return Done{};
  return set_up_server_tls(snapshot, server_tls_settings(settings), previous);
}

Result<std::shared_ptr<const Snapshot>> SnapshotBuilder::build(std::shared_ptr<const Config> config,
                                                               const Snapshot* previous, Reread reread) {
  auto snapshot = previous != nullptr ? std::make_shared<Snapshot>(*previous) : std::make_shared<Snapshot>();
  snapshot->config = std::move(config);
  snapshot->mock_key = mock_key_;
  if (reread != Reread::nothing) {
    snapshot->client_tls = snapshot->server_tls = nullptr;
    snapshot->server_tls_error.clear();
    if (Status tls = set_up_tls(*snapshot, previous); !tls) return tls.error();
  }
  if (reread == Reread::everything) {
    snapshot->users = users(*snapshot->config, previous);
    snapshot->stand_in = stand_in_for(*snapshot->users);
  }
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

Status SnapshotBuilder::check_reload(const std::shared_ptr<const Config>& config, const Snapshot& in_force) {
  Snapshot again;
  again.config = config;
  if (Status tls = set_up_tls(again, &in_force); !tls) return tls;
  const std::optional<std::string> file = users_file(config->settings);
  if (!file) return Done{};
  const Result<UserList> list = load_user_list(*file);
  return list ? Status(Done{}) : Status(list.error());
}

}  // namespace uvb
