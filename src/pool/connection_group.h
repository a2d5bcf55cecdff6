#pragma once

#include <string>
#include <vector>

namespace uvb {

struct PoolBooks;

/// The server connections of one database over all users, or of one user over all databases: what max_db_connections
/// and max_user_connections limit. Connections being closed and those that deliver cancels count.
struct ConnectionGroup {
  std::string name;
  bool paused = false;  ///< databases only: by PAUSE db, not by the global PAUSE
  int total = 0;
  int closing = 0;                ///< the part of `total` that has been told to close
  bool blocked = false;           ///< the limit stopped a launch since the pools were last reviewed
  std::vector<PoolBooks*> pools;  ///< those that still exist for clients
};

}  // namespace uvb
