#pragma once

#include "base/clock.h"
#include "pool/ledger.h"
#include "registry.h"

namespace uvb {

/// One call of the ledger: the books under the lock, the moment, and where decisions go.
struct Turn {
  Registry& books;
  TimePoint now;
  Actions& actions;
};

/// Adds an action about `server` for its owner.
inline Action& decide(Turn& turn, Action::Kind kind, const ServerEntry& server) {
  Action& action = turn.actions.emplace_back();
  action.kind = kind;
  action.worker = server.owner;
  action.pool = server.pool->id;
  action.server = server.id;
  return action;
}

/// Adds an action about a waiting client for its worker.
inline Action& decide(Turn& turn, Action::Kind kind, const WaitEntry& entry) {
  Action& action = turn.actions.emplace_back();
  action.kind = kind;
  action.worker = entry.waiter.worker;
  action.pool = entry.pool->id;
  action.client = entry.waiter.client;
  return action;
}

}  // namespace uvb
