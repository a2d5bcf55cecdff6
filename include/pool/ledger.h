#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "config/pool_mode.h"

namespace uvb {

struct Welcome;  // session/welcome.h: what a server said at login

/// One pool: clients that ask for `database` and log in to servers as `user`.
struct PoolKey {
  std::string database;
  std::string user;
  auto operator<=>(const PoolKey&) const = default;
};

/// Index of a pool in the ledger; stable while the pool exists, never reused for another key.
enum class PoolId : std::uint32_t { none = 0xffffffff };

/// The settings that decide how a pool behaves, resolved user > database > global (settings.md 1.11).
/// Zero durations mean what settings.md section 3 says for each. pool_size <= 0: unlimited.
struct PoolRules {
  PoolMode mode = PoolMode::session;
  int pool_size = 20;
  int reserve_pool_size = 0;
  int min_pool_size = 0;
  int max_db_connections = 0;    ///< over all pools of the database; <= 0: unlimited
  int max_user_connections = 0;  ///< over all pools of the user; <= 0: unlimited
  Micros reserve_pool_timeout{};
  Micros server_lifetime{};
  Micros server_idle_timeout{};
  Micros server_check_delay{};
  Micros server_login_retry{};
  bool check_query = false;  ///< server_check_query is not empty
  bool round_robin = false;
  bool fast_close = false;   ///< server_fast_close
  bool forced_user = false;  ///< the database line has user=
};

/// A client in need of a server, or in need of the pool's first welcome.
struct Waiter {
  WorkerId worker{};
  ConnectionId client = ConnectionId::none;
  TimePoint query_start;  ///< for maxwait; default when no query is waiting (login)
  TimePoint last_packet;  ///< for reserve_pool_timeout
  bool login = false;     ///< waits for the welcome; gives the server back at once
  std::string options;    ///< start-up options the server must have been started with (QuestDB statement_timeout); usually empty
};

/// A server connection as the ledger names it: `owner` has it on its loop.
struct ServerRef {
  ConnectionId id = ConnectionId::none;
  WorkerId owner{};
};

/// Work for one worker; the ledger only decides. Whoever called the ledger carries out those for its own worker and
/// posts the others to their mailboxes, in order.
struct Action {
  enum class Kind : std::uint8_t {
    launch,     ///< open server connection `server` with `options`; report login_succeeded(), login_failed() or removed()
    serve,      ///< link `client` to `server`; both are `worker`'s. The server is active from now on
    hand_over,  ///< let go of `server` and send it to `to`, to be linked to `client` there
    check,      ///< run the check query on `server`, then give() it (or removed())
    close,      ///< close `server` because of `reason`, then report removed()
    fail,       ///< close waiting `client` with FATAL `code` `reason`; it is in no queue any more
  };
  Kind kind{};
  WorkerId worker{};
  PoolId pool = PoolId::none;
  ConnectionId server = ConnectionId::none;
  ConnectionId client = ConnectionId::none;
  WorkerId to{};
  const char* close_reason = nullptr;  ///< static text of admin-console.md 6.6
  std::string options;
  std::string code;
  std::string reason;
};
using Actions = std::vector<Action>;

enum class TakeStatus : std::uint8_t {
  granted,  ///< `server` is the caller's own and active: link now
  queued,   ///< the client waits; serve, or an arriving hand_over, or fail will follow
  refused,  ///< close the client with FATAL 08P01 `error`
};
struct TakeResult {
  TakeStatus status{};
  ConnectionId server = ConnectionId::none;
  std::string error;
};

/// Why a login did not succeed: decides what waiting clients get (behaviour.md 3.6).
struct LoginFailure {
  enum class Kind : std::uint8_t {
    connection,  ///< refused, timed out, DNS, TLS, EOF, unsupported request: waiters keep waiting
    server,      ///< the server sent ErrorResponse `code` `message`; 57P03 keeps waiters waiting
    local,       ///< our credentials cannot do it: waiters get 08P01 `message`
    aborted,     ///< we gave up ourselves (PAUSE, RECONNECT): no failure at all, no retry delay
  };
  Kind kind = Kind::connection;
  std::string code;     ///< SQLSTATE, may be empty
  std::string message;  ///< for waiters and for "cached error"
};

/// What SHOW POOLS, SHOW DATABASES and SHOW USERS count.
struct PoolCounts {
  int waiting = 0;
  int active = 0, active_cancel = 0, being_canceled = 0, idle = 0, used = 0, tested = 0, login = 0;
  TimePoint oldest_query_start;  ///< of the head of the queue; default when none
};

/// The books of all pools: who has which server, who waits, how many there may be. Exact over all workers: every call
/// is one short critical section of one lock, since limits span pools (database, user). Knows no socket and no loop;
/// never calls back; time is an argument. Any thread. Behaviour: behaviour.md 3, 4.2, 4.5, 9.
class Ledger {
 public:
  explicit Ledger(std::uint32_t workers);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // --- pools -------------------------------------------------------------------------------------------------------
  /// Finds the pool or makes it. `rules` apply from now on.
  PoolId open(const PoolKey& key, const PoolRules& rules);
  void set_rules(PoolId pool, const PoolRules& rules);
  /// Copy of what is known of all pools, for consoles.
  struct PoolInfo {
    PoolId id;
    PoolKey key;
    PoolRules rules;
    PoolCounts counts;
    bool paused;  ///< its database is paused
  };
  [[nodiscard]] std::vector<PoolInfo> pools() const;
  /// How many clients of the pool are logged in (for min_pool_size); workers report +1/-1.
  void client_joined(PoolId pool);
  void client_left(PoolId pool);

  /// The pool's reference parameters; null until a server logged in (and after RECONNECT).
  [[nodiscard]] std::shared_ptr<const Welcome> welcome(PoolId pool) const;

  // --- clients -----------------------------------------------------------------------------------------------------
  /// A client needs a server. An idle server of the caller's worker is preferred; else another worker's is handed over.
  TakeResult take(PoolId pool, const Waiter& waiter, TimePoint now, Actions& actions);
  /// The client does not want to wait any more. false: it is not queued (a server is on its way: give() it back then).
  bool cancel_wait(PoolId pool, ConnectionId client);

  // --- servers -----------------------------------------------------------------------------------------------------
  /// `server` (launched earlier) is logged in. `welcome` is kept when the pool has none. It goes to a waiter or idle.
  void login_succeeded(PoolId pool, ConnectionId server, std::shared_ptr<const Welcome> welcome, TimePoint now, Actions& actions);
  /// The login failed; the server is forgotten by this call.
  void login_failed(PoolId pool, ConnectionId server, const LoginFailure& failure, TimePoint now, Actions& actions);
  /// After an active (or tested, checked) server became clean: it goes to the longest waiter, to idle, to used, or is closed
  /// (lifetime, close_needed, pause, too many; reasons of admin-console.md 6.6).
  void give(PoolId pool, ConnectionId server, TimePoint now, Actions& actions);
  /// The server is running its reset query (tested), resp. held back by a cancel in flight.
  void mark_tested(PoolId pool, ConnectionId server);
  void mark_being_canceled(PoolId pool, ConnectionId server);
  /// The connection is gone, whatever state it was in. A client it had been promised to queues again, at the head.
  void removed(PoolId pool, ConnectionId server, TimePoint now, Actions& actions);
  /// The server changed hands: `owner` has it now.
  void moved(PoolId pool, ConnectionId server, WorkerId owner);
  [[nodiscard]] bool close_needed(PoolId pool, ConnectionId server) const;

  /// A connection that delivers a cancel: allowed while all connections of the pool together are < 2 x pool_size.
  bool begin_cancel(PoolId pool);
  void end_cancel(PoolId pool, TimePoint now, Actions& actions);

  // --- upkeep and operators ------------------------------------------------------------------------------------------
  /// Every 333 ms: idle and life times, used servers, surplus, min_pool_size, retries, the reserve pool.
  void tick(TimePoint now, Actions& actions);

  void pause_all(TimePoint now, Actions& actions);
  void resume_all(TimePoint now, Actions& actions);
  void pause(const std::string& database, TimePoint now, Actions& actions);
  void resume(const std::string& database, TimePoint now, Actions& actions);
  [[nodiscard]] bool paused(const std::string& database) const;  ///< by pause(), not by pause_all()
  /// PAUSE is done: nothing active or tested (of `database`, or of all when empty).
  [[nodiscard]] bool quiet(const std::string& database) const;
  /// Marks every server close_needed and forgets the welcome, of `database` or of all when empty.
  void reconnect(const std::string& database, TimePoint now, Actions& actions);
  /// Removes the pools of `database` (all when empty): close for each server, fail `reason` for each waiter.
  void kill(const std::string& database, const char* reason, TimePoint now, Actions& actions);
  /// SHUTDOWN WAIT_FOR_SERVERS: pause_all, and every need is refused "server shutting down"; waiters fail with it.
  void shut_down(TimePoint now, Actions& actions);
  /// Server connections of any state.
  [[nodiscard]] std::size_t servers() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace uvb
