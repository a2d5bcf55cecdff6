#include "config/peer.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/connection_string.h"
#include "config/text.h"

namespace uvb {
namespace {

constexpr int kMaxPeerId = 65535;

Status set_key(PeerConfig& peer, const std::string& key, const std::string& value) {
  if (key == "host") {
    peer.host = value;
  } else if (key == "port") {
    peer.port = lenient_int(value);
  } else if (key == "pool_size") {
    peer.pool_size = lenient_int(value);
  } else {
    return Error{fmt::format("unrecognized connection parameter: {}", key)};
  }
  if (peer.port == 0) return Error{fmt::format("invalid port: {}", value)};
  return Done{};
}

bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

}  // namespace

Result<PeerConfig> parse_peer(std::string_view id, std::string_view connection_string) {
  PeerConfig peer;
  peer.id = all_digits(id) ? lenient_int(id) : 0;
  if (peer.id < 1 || peer.id > kMaxPeerId) {
    return Error{"ids of peers must be a number larger than 0 and at most 65536"};
  }
  const auto pairs = parse_connection_string(connection_string);
  if (!pairs) return Error{"syntax error in connection string: " + pairs.error().message};
  for (const auto& [key, value] : *pairs) {
    const Status set = set_key(peer, key, value);
    if (!set) return set.error();
  }
  if (peer.host.empty()) return Error{fmt::format("host was not provided for peer {}", peer.id)};
  return peer;
}

}  // namespace uvb
