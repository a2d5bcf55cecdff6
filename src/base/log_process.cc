#include "base/log_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/log_format.h"

namespace uvb {
namespace {

/// Best effort: a full disk or a closed pipe must not stop the pooler, and there is nobody else to tell.
void write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string now_line(LogLevel level, std::string_view message) {
  return format_log_line(wall_now(), ::getpid(), level, message);
}

}  // namespace

int syslog_priority(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::fatal: return LOG_CRIT;
    case LogLevel::error: return LOG_ERR;
    case LogLevel::warning: return LOG_WARNING;
    case LogLevel::log: return LOG_INFO;
    case LogLevel::debug:
    case LogLevel::noise: break;
  }
  return -1;
}

int syslog_facility(std::string_view word) noexcept {
  constexpr std::array<std::pair<std::string_view, int>, 12> kFacilities{{{"auth", LOG_AUTH},
                                                                          {"authpriv", LOG_AUTHPRIV},
                                                                          {"daemon", LOG_DAEMON},
                                                                          {"user", LOG_USER},
                                                                          {"local0", LOG_LOCAL0},
                                                                          {"local1", LOG_LOCAL1},
                                                                          {"local2", LOG_LOCAL2},
                                                                          {"local3", LOG_LOCAL3},
                                                                          {"local4", LOG_LOCAL4},
                                                                          {"local5", LOG_LOCAL5},
                                                                          {"local6", LOG_LOCAL6},
                                                                          {"local7", LOG_LOCAL7}}};
  for (const auto& [name, facility] : kFacilities) {
    if (name == word) return facility;
  }
  return LOG_DAEMON;
}

ProcessLog::ProcessLog(LogTargets targets) : targets_(std::move(targets)) { configure_syslog(); }

ProcessLog::~ProcessLog() {
  // libc keeps a pointer to our copy of the ident.
  if (targets_.to_syslog) ::closelog();
}

bool ProcessLog::enabled(LogLevel level) const {
  if (level == LogLevel::debug) return verbose() >= 1;
  if (level == LogLevel::noise) return verbose() >= 2;
  return true;
}

void ProcessLog::write(LogLevel level, std::string_view message) {
  if (!enabled(level)) return;
  const std::string line = now_line(level, message);
  const std::lock_guard lock(mutex_);
  open_lazily();
  write_line(line);
  write_syslog(level, message);
}

void ProcessLog::set_targets(LogTargets targets) {
  const std::lock_guard lock(mutex_);
  if (targets.file != targets_.file) {
    file_.reset();
    open_failed_ = false;
  }
  targets_ = std::move(targets);
  configure_syslog();
}

Status ProcessLog::open() {
  const std::lock_guard lock(mutex_);
  if (targets_.file.empty() || file_.valid()) return Done{};
  auto file = open_file(targets_.file);
  if (!file) return file.error();
  file_ = std::move(file).value();
  open_failed_ = false;
  return Done{};
}

Status ProcessLog::reopen(LogTargets targets) {
  const std::lock_guard lock(mutex_);
  Result<UniqueFd> file = targets.file.empty() ? Result<UniqueFd>(UniqueFd()) : open_file(targets.file);
  // The kept file stands for the new name, so that no later line tries the bad name again.
  if (file) file_ = std::move(file).value();
  open_failed_ = !file;
  targets_ = std::move(targets);
  configure_syslog();
  if (file) return Done{};
  write_line(now_line(LogLevel::error, file.error().message));
  write_syslog(LogLevel::error, file.error().message);
  return file.error();
}

void ProcessLog::stop_stderr() {
  const std::lock_guard lock(mutex_);
  targets_.to_stderr = false;
}

Result<UniqueFd> ProcessLog::open_file(const std::string& path) const {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
  if (fd < 0) return Error{fmt::format("Cannot open logfile: '{}': {}", path, std::strerror(errno))};
  return UniqueFd(fd);
}

// Lines written before start-up is complete go to the file, too; one that cannot be opened is told once, and
// open() makes it fatal.
void ProcessLog::open_lazily() {
  if (targets_.file.empty() || file_.valid() || open_failed_) return;
  auto file = open_file(targets_.file);
  if (file) {
    file_ = std::move(file).value();
    return;
  }
  open_failed_ = true;
  write_all(STDERR_FILENO, now_line(LogLevel::error, file.error().message));
}

void ProcessLog::configure_syslog() {
  ::closelog();
  if (targets_.to_syslog) {
    ::openlog(targets_.syslog_ident.c_str(), LOG_PID, syslog_facility(targets_.syslog_facility));
  }
}

void ProcessLog::write_line(std::string_view line) {
  if (targets_.to_stderr) write_all(STDERR_FILENO, line);
  if (file_.valid()) write_all(file_.get(), line);
}

void ProcessLog::write_syslog(LogLevel level, std::string_view message) const {
  const int priority = syslog_priority(level);
  if (!targets_.to_syslog || priority < 0) return;
  ::syslog(priority, "%s", log_text(message).c_str());
}

}  // namespace uvb
