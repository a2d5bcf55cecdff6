#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace uvb {

/// Where the process logs to; any combination at once (admin-console.md 6.3).
struct LogTargets {
  bool to_stderr = true;  ///< false with -q and -d
  std::string file;       ///< `logfile`; empty: none
  bool to_syslog = false;
  std::string syslog_facility = "daemon";  ///< unknown words mean daemon
  std::string syslog_ident = "pgbouncer";

  bool operator==(const LogTargets&) const = default;
};

/// The log of the whole process: stderr, a file, syslog, in PgBouncer's line format. Any thread may write;
/// every line leaves in one write(2). Only one object may use syslog at a time, since libc keeps one per process.
class ProcessLog final : public Log {
 public:
  explicit ProcessLog(LogTargets targets = {});
  ProcessLog(const ProcessLog&) = delete;
  ProcessLog& operator=(const ProcessLog&) = delete;
  ~ProcessLog() override;

  void write(LogLevel level, std::string_view message) override;
  [[nodiscard]] bool enabled(LogLevel level) const override;

  /// The setting `verbose`: DEBUG from 1, NOISE from 2. Any thread, at once.
  void set_verbose(int verbose) noexcept { verbose_.store(verbose, std::memory_order_relaxed); }
  [[nodiscard]] int verbose() const noexcept { return verbose_.load(std::memory_order_relaxed); }

  /// Takes the targets of a loaded configuration. A file of another name is opened at the next line or by
  /// open(). For the time before start-up is complete; afterwards use reopen().
  void set_targets(LogTargets targets);

  /// Opens the log file now. For start-up, after the switch of user: the error
  /// (`Cannot open logfile: 'FILE': REASON`) is fatal there.
  [[nodiscard]] Status open();

  /// RELOAD and SET: takes new targets and opens the file again, which may have been renamed (log rotation). When the
  /// file cannot be opened, the old one stays in use, an ERROR is logged, and the same error is returned.
  [[nodiscard]] Status reopen(LogTargets targets);

  /// Ends writing to stderr: for going into the background.
  void stop_stderr();

 private:
  [[nodiscard]] Result<UniqueFd> open_file(const std::string& path) const;
  void open_lazily();
  void configure_syslog();
  void write_line(std::string_view line);
  void write_syslog(LogLevel level, std::string_view message) const;

  std::atomic<int> verbose_{0};
  std::mutex mutex_;  // guards all below
  LogTargets targets_;
  UniqueFd file_;
  bool open_failed_ = false;
};

/// The priority of a level for syslog, or -1 for levels that never go there.
[[nodiscard]] int syslog_priority(LogLevel level) noexcept;
/// auth, authpriv, daemon, user, local0 to local7 as syslog.h has them; every other word means daemon.
[[nodiscard]] int syslog_facility(std::string_view word) noexcept;

}  // namespace uvb
