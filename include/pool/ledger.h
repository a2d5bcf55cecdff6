#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "config/pool_mode.h"
#include "session/login_failure.h"

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
  bool fast_close = false;     ///< server_fast_close
  bool forced_user = false;    ///< the database line has user=
  Micros pool_idle_timeout{};  ///< drop_unused() removes the pool after this long without clients and servers; 0: never
};

/// How much later than the longest waiter one of the releasing server's own worker may have come and still go first:
/// not moving a connection between loops is worth that. Otherwise, first come first served holds over all workers.
inline constexpr Micros kOvertaking{5000};

/// How long a waiter whom no server suits waits before the pool gives up one that suits others.
inline constexpr Micros kWaitBeforeEviction{5000};

/// A client in need of a server, or in need of the pool's first welcome.
struct Waiter {
  WorkerId worker{};
  bool login = false;  ///< waits for the pool's first welcome and gets no server
  /// Start-up options the server must have been started with (QuestDB's statement_timeout); usually empty.
  std::string options;
  ConnectionId client = ConnectionId::none;
  TimePoint query_start;  ///< for maxwait; default when no query is waiting (login)
  TimePoint last_packet;  ///< for reserve_pool_timeout
};

/// A server connection as the ledger names it: `owner` has it on its loop.
struct ServerRef {
  ConnectionId id = ConnectionId::none;
  WorkerId owner{};
};

/// Work for one worker; the ledger only decides. Whoever called the ledger carries out those for its own worker and
/// posts the others to their mailboxes, in order. Two threads may post in another order than they called, and things
/// end meanwhile: an action that names a server or client its worker does not have (any more) is dropped, except
/// - serve or an arriving hand_over whose client is gone: give() the server back;
/// - an arriving hand_over: moved() first, it says whether the server may be linked.
struct Action {
  enum class Kind : std::uint8_t {
    /// Open server connection `server` with `options`; report login_succeeded(), login_failed() or removed().
    /// `reason` is "reserve" when it comes from the reserve pool because of `client` (log the WARNING), else empty.
    launch,
    /// Link `client` to `server`, which is active from now on. Only ever for the worker that called give() or
    /// login_succeeded(), so that it is carried out at once.
    serve,
    /// Let go of `server` and send it to `to`, which calls moved() and links it to `client`. From now on the server
    /// counts as active, and as promised until moved(). `to` may be `worker` itself; moved() is due then too.
    hand_over,
    check,    ///< run the check query on `server` (it is tested meanwhile), then give() it (or removed())
    close,    ///< close `server` because of `close_reason`, then report removed()
    fail,     ///< close waiting `client` with FATAL `code` `reason`; it is in no queue any more
    welcome,  ///< login waiter `client` may go on with `welcome`; it is in no queue any more and has no server
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
  std::shared_ptr<const Welcome> welcome;
};
using Actions = std::vector<Action>;

enum class TakeStatus : std::uint8_t {
  granted,  ///< `server` is the caller's own and active: link now
  queued,   ///< the client waits; an arriving hand_over, serve, welcome or fail will follow (maybe it is in `actions`)
  refused,  ///< close the client with FATAL 08P01 `error`
};
struct TakeResult {
  TakeStatus status{};
  ConnectionId server = ConnectionId::none;
  std::string error;
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
  /// `next_id` gives servers their serial numbers. It is called under the lock, by any thread, and must not call back.
  Ledger(std::uint32_t workers, std::function<ConnectionId()> next_id);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // --- pools -------------------------------------------------------------------------------------------------------
  // A PoolId of a pool that kill() or drop_unused() removed may still be used: take() refuses, the rest ignores it or
  // goes on with the servers that are being closed.

  /// Finds the pool or makes it. `rules` apply from now on. Call it right before client_joined() or take(), since a
  /// pool without clients and servers may be dropped.
  PoolId open(const PoolKey& key, const PoolRules& rules);
  /// New rules, at once: waiters may be served, launches begin. Surplus goes by the next tick.
  void set_rules(PoolId pool, const PoolRules& rules, TimePoint now, Actions& actions);
  /// Copy of what is known of all pools, for consoles.
  struct PoolInfo {
    PoolId id = PoolId::none;
    PoolKey key;
    PoolRules rules;
    PoolCounts counts;
    bool paused = false;        ///< its database is paused by pause()
    bool close_needed = false;  ///< some server of it is (WAIT_CLOSE waits for that)
  };
  [[nodiscard]] std::vector<PoolInfo> pools() const;
  /// How many clients of the pool are logged in (for min_pool_size); workers report +1/-1.
  void client_joined(PoolId pool);
  void client_left(PoolId pool);
  /// Removes pools that had neither clients nor servers nor waiters for longer than their pool_idle_timeout (not those
  /// of a forced user with min_pool_size), counted from the first call that found them so; call it with every tick().
  /// The caller logs them and drops their statistics.
  struct DroppedPool {
    PoolId id = PoolId::none;
    PoolKey key;
    Micros age{};  ///< time without clients and servers
  };
  [[nodiscard]] std::vector<DroppedPool> drop_unused(TimePoint now);

  /// The pool's reference parameters; null until a server logged in (and after RECONNECT).
  [[nodiscard]] std::shared_ptr<const Welcome> welcome(PoolId pool) const;

  // --- clients -----------------------------------------------------------------------------------------------------
  /// A client needs a server, or (login) the first welcome. An idle server of the caller's worker is preferred; else
  /// another worker's is handed over. The calling thread must be `waiter.worker`'s.
  TakeResult take(PoolId pool, const Waiter& waiter, TimePoint now, Actions& actions);
  /// The client of `worker` ends and does not want to wait any more. false: it is not queued; a server may be on its
  /// way (give() it back then), or a fail or welcome for it (drop it then).
  bool cancel_wait(WorkerId worker, ConnectionId client);

  // --- servers -----------------------------------------------------------------------------------------------------
  // give() and login_succeeded() are called by the thread of the server's worker.

  /// `server` (launched earlier) is logged in. `welcome` (not null) is kept when the pool has none, and all login
  /// waiters are woken. The server goes to the longest waiter or idle; or is closed, if that was decided meanwhile.
  void login_succeeded(PoolId pool, ConnectionId server, std::shared_ptr<const Welcome> welcome, TimePoint now,
                       Actions& actions);
  /// The login failed; the server is forgotten by this call.
  void login_failed(PoolId pool, ConnectionId server, const LoginFailure& failure, TimePoint now, Actions& actions);
  /// After an active (or tested, checked, being canceled) server became clean: it is closed (close_needed, pause,
  /// lifetime, too many; reasons of admin-console.md 6.6), or goes to the longest waiter that fits, to used or to idle.
  /// A waiter of the same worker goes first if it came less than kOvertaking after the longest one.
  void give(PoolId pool, ConnectionId server, TimePoint now, Actions& actions);
  /// The server is running its reset query (tested), resp. held back by a cancel in flight.
  void mark_tested(PoolId pool, ConnectionId server);
  void mark_being_canceled(PoolId pool, ConnectionId server);
  /// The connection is gone, whatever state it was in. A client it had been promised to (hand_over, before moved())
  /// queues again, at the head. In login and not asked to close, it counts as a failed login "server conn crashed?".
  void removed(PoolId pool, ConnectionId server, TimePoint now, Actions& actions);
  /// The hand_over arrived: `owner` has the server now. Returns null when it may be linked, else why it must be closed
  /// instead (static text; then removed()).
  const char* moved(PoolId pool, ConnectionId server, WorkerId owner);
  [[nodiscard]] bool close_needed(PoolId pool, ConnectionId server) const;
  /// What the books know of a server and its worker does not.
  struct ServerCondition {
    bool close_needed = false;
    bool used = false;       ///< nobody has it, and it is to be checked first
    TimePoint parked_since;  ///< since when nobody has it; default when somebody does
  };
  [[nodiscard]] ServerCondition condition(PoolId pool, ConnectionId server) const;

  /// A connection that delivers a cancel: allowed while all connections of the pool together are < 2 x pool_size. It
  /// counts against the limits of database and user but is not stopped by them, nor by PAUSE.
  bool begin_cancel(PoolId pool);
  void end_cancel(PoolId pool, TimePoint now, Actions& actions);

  // --- upkeep and operators ------------------------------------------------------------------------------------------
  /// Every 333 ms: idle and life times, used servers, surplus, min_pool_size, retries, the reserve pool.
  void tick(TimePoint now, Actions& actions);

  void pause_all(TimePoint now, Actions& actions);
  void resume_all(TimePoint now, Actions& actions);
  void pause(const std::string& database, TimePoint now, Actions& actions);
  void resume(const std::string& database, TimePoint now, Actions& actions);
  [[nodiscard]] bool paused(const std::string& database) const;   ///< by pause(), not by pause_all()
  [[nodiscard]] bool stopped(const std::string& database) const;  ///< by pause() or pause_all()
  /// PAUSE is done: nothing active or tested (of `database`, or of all when empty).
  [[nodiscard]] bool quiet(const std::string& database) const;
  /// Marks every server close_needed and forgets the welcome, of `database` or of all when empty. Idle and used ones
  /// are closed at once ("database configuration changed"), logging-in ones too ("connect string changed"); tested ones
  /// by the next tick, active ones when given. The aborted login is no failure; waiters stay.
  void reconnect(const std::string& database, TimePoint now, Actions& actions);
  /// Removes the pools of `database` (all when empty): close for each server, fail 08P01 `reason` (static text) for
  /// each waiter. Servers count until removed(). Does not pause: the KILL command calls pause() afterwards.
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
