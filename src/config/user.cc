#include "config/user.h"

#include <fmt/format.h>

#include "config/connection_string.h"
#include "config/option_table.h"

namespace uvb {
namespace {

constexpr std::size_t kMaxUserName = 127;

struct IntKey {
  std::string_view name;
  int UserConfig::*member;
};
constexpr IntKey kIntKeys[] = {
    {"pool_size", &UserConfig::pool_size},
    {"reserve_pool_size", &UserConfig::reserve_pool_size},
    {"max_user_connections", &UserConfig::max_user_connections},
    {"max_user_client_connections", &UserConfig::max_user_client_connections},
};

struct TimeKey {
  std::string_view name;
  Micros UserConfig::*member;
};
constexpr TimeKey kTimeKeys[] = {
    {"query_timeout", &UserConfig::query_timeout},
    {"idle_transaction_timeout", &UserConfig::idle_transaction_timeout},
    {"transaction_timeout", &UserConfig::transaction_timeout},
    {"client_idle_timeout", &UserConfig::client_idle_timeout},
};

bool set_plain_key(UserConfig& user, const std::string& key, const std::string& value) {
  for (const IntKey& row : kIntKeys) {
    if (row.name == key) return user.*row.member = lenient_int(value), true;
  }
  for (const TimeKey& row : kTimeKeys) {
    if (row.name == key) return user.*row.member = whole_seconds(value).value_or(Micros::zero()), true;
  }
  return false;
}

Status set_key(UserConfig& user, const std::string& key, const std::string& value) {
  if (set_plain_key(user, key, value)) return Done{};
  if (key == "query_wait_timeout") {
    user.query_wait_timeout = whole_seconds(value);
    return Done{};
  }
  if (key != "pool_mode") return Error{fmt::format("unrecognized user parameter: {}", key)};
  user.pool_mode = pool_mode_of(value);
  if (!user.pool_mode) return Error{fmt::format("invalid pool mode: {}", value)};
  return Done{};
}

}  // namespace

Result<UserConfig> parse_user(std::string_view name, std::string_view settings) {
  const auto pairs = parse_connection_string(settings);
  if (!pairs) return Error{"syntax error in user settings: " + pairs.error().message};
  UserConfig user;
  user.name = name.substr(0, kMaxUserName);
  for (const auto& [key, value] : *pairs) {
    const Status set = set_key(user, key, value);
    if (!set) return set.error();
  }
  return user;
}

}  // namespace uvb
