#include "admin/wait_list.h"

#include <algorithm>
#include <utility>

namespace uvb {
namespace {

constexpr const char* kQueryCanceled = "57014";

bool in_force(const std::string& database, const ConsoleHost& host) {
  return database.empty() ? host.state() == ProcessState::paused : host.database_paused(database);
}

}  // namespace

bool close_pending(const ConsoleHost& host, const std::string& database) {
  const auto pools = host.pools();
  return std::any_of(pools.begin(), pools.end(), [&](const Ledger::PoolInfo& pool) {
    return pool.close_needed && (database.empty() || pool.key.database == database);
  });
}

void WaitList::add(ConnectionId session, Awaited awaited, const std::string& database) {
  waiters_.push_back({session, awaited, database});
}

void WaitList::remove(ConnectionId session) {
  std::erase_if(waiters_, [session](const Waiter& waiter) { return waiter.session == session; });
}

bool WaitList::outcome(const Waiter& waiter, const ConsoleHost& host, ConsoleReply& reply) {
  if (waiter.awaited == Awaited::close) {
    reply = tag_reply("WAIT_CLOSE");
    return !close_pending(host, waiter.database);
  }
  if (!in_force(waiter.database, host)) {
    reply = error_reply("PAUSE was undone before it was complete", kQueryCanceled);
    return true;
  }
  reply = tag_reply("PAUSE");
  return host.quiet(waiter.database);
}

std::vector<ConsoleAnswer> WaitList::poll(const ConsoleHost& host) {
  std::vector<ConsoleAnswer> answers;
  std::erase_if(waiters_, [&](const Waiter& waiter) {
    ConsoleReply reply;
    if (!outcome(waiter, host, reply)) return false;
    answers.push_back({waiter.session, std::move(reply)});
    return true;
  });
  return answers;
}

std::vector<ConsoleAnswer> WaitList::cancel(ConnectionId session, ConsoleHost& host) {
  const auto found = std::find_if(waiters_.begin(), waiters_.end(),
                                  [session](const Waiter& waiter) { return waiter.session == session; });
  if (found == waiters_.end()) return {};
  const Waiter waiter = std::move(*found);
  waiters_.erase(found);
  if (waiter.awaited == Awaited::pause && !waiter.database.empty()) host.resume(waiter.database);
  std::vector<ConsoleAnswer> answers;
  answers.push_back({session, error_reply("canceling statement due to user request", kQueryCanceled)});
  return answers;
}

}  // namespace uvb
