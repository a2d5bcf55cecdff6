#include "session/context.h"

namespace uvb {

std::shared_ptr<const DatabaseConfig> Snapshot::database(const std::string& name) const {
  const auto listed = config->databases.find(name);
  if (listed != config->databases.end()) return {config, &listed->second};
  auto made = find_database(*config, name);
  return made ? std::make_shared<const DatabaseConfig>(std::move(made).value()) : nullptr;
}

std::shared_ptr<const StoredSecret> Snapshot::secret(std::string_view user) const {
  const auto found = users->find(user);
  return found == users->end() ? nullptr : found->second;
}

bool Snapshot::same_server_tls(const Snapshot& other) const {
  if (!server_tls || !other.server_tls) return server_tls == other.server_tls;
  return server_tls->settings() == other.server_tls->settings();
}

}  // namespace uvb
