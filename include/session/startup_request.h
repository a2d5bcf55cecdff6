#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "session/variables.h"

namespace uvb {

enum class Replication : std::uint8_t { none, logical, physical };

/// What a client asked for in its startup packet (behaviour.md 1.3 steps 3-7, 2.1).
struct StartupRequest {
  std::string user;
  std::string database;  ///< the user's name when none was given
  Replication replication = Replication::none;
  VariableValues variables;
  std::vector<std::string> extensions;  ///< `_pq_.` keys
  /// Text to refuse the client with; empty when there is none. Comes first of all.
  std::string error;
  /// Text to refuse the client with unless its server is a QuestDB, which takes every parameter (questdb.md 10).
  std::string refusal;
  /// `key=value` that caused `refusal`, for the log line.
  std::string refused_parameter;
  /// `-c statement_timeout=N`, the one option QuestDB honours; empty without.
  std::string questdb_options;
};

/// `body` of a startup packet. `ignored`: ignore_startup_parameters.
StartupRequest read_startup_request(ByteView body, const VariableTable& table, std::string_view ignored);

}  // namespace uvb
