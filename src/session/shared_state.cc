#include "session/shared_state.h"

namespace uvb {

LoginSecrets SharedState::secrets(const std::string& database, const std::string& user) const {
  return secrets_.with([&](const auto& secrets) {
    const auto found = secrets.find({database, user});
    return found == secrets.end() ? LoginSecrets{} : found->second;
  });
}

void SharedState::remember_password(const std::string& database, const std::string& user,
                                    std::shared_ptr<const Secret> password) {
  secrets_.with([&](auto& secrets) { secrets[{database, user}].clear_password = std::move(password); });
}

void SharedState::remember_scram_keys(const std::string& database, const std::string& user,
                                      std::shared_ptr<const ScramKeys> keys) {
  secrets_.with([&](auto& secrets) { secrets[{database, user}].scram_keys = std::move(keys); });
}

void SharedState::forget_password(const std::string& database, const std::string& user, const Secret* refused) {
  secrets_.with([&](auto& secrets) {
    const auto found = secrets.find({database, user});
    if (found != secrets.end() && found->second.clear_password.get() == refused) found->second.clear_password.reset();
  });
}

void SharedState::forget_secrets(const std::string& database) {
  secrets_.with([&](auto& secrets) {
    std::erase_if(secrets, [&](const auto& entry) { return database.empty() || entry.first.first == database; });
  });
}

void SharedState::forget_pool_secrets(const std::string& database, const std::string& user) {
  secrets_.with([&](auto& secrets) { secrets.erase({database, user}); });
}

void SharedState::forget_user_secrets(const std::string& user) {
  secrets_.with(
      [&](auto& secrets) { std::erase_if(secrets, [&](const auto& entry) { return entry.first.second == user; }); });
}

}  // namespace uvb
