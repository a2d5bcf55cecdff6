#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "session/variables.h"

namespace uvb {

/// Which kind of server is behind a database; QuestDB names itself by `questdb_version` (questdb.md 11).
enum class ServerFlavour : std::uint8_t { unknown, postgresql, questdb };

/// What the first server of a pool said at login: what later clients are told without asking a server
/// (behaviour.md 1.7). Immutable; any thread.
struct Welcome {
  std::vector<std::pair<std::string, std::string>> untracked;  ///< ParameterStatus in the server's order and spelling
  VariableValues tracked;
  ServerFlavour flavour = ServerFlavour::postgresql;
};

}  // namespace uvb
