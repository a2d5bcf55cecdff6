#include "control/pidfile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "base/unique_fd.h"

namespace uvb {
namespace {

Error failed(std::string_view what, const std::string& path) {
  return Error{fmt::format("could not {} pidfile '{}': {}", what, path, std::strerror(errno))};
}

/// The positive number a pidfile begins with.
std::optional<pid_t> parse_pid(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return std::nullopt;
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + text.size(), pid);
  if (error != std::errc{} || pid <= 0) return std::nullopt;
  return pid;
}

bool is_dead(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

}  // namespace

Status check_pidfile(const std::string& path, Log& log) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno == ENOENT ? Status(Done{}) : failed("open", path);
  char text[64];
  const ssize_t size = ::read(file.get(), text, sizeof text);
  if (size < 0) return failed("read", path);
  const std::optional<pid_t> pid = parse_pid({text, static_cast<std::size_t>(size)});
  if (!pid || !is_dead(*pid)) return Error{fmt::format("pidfile '{}' exists, another instance running?", path)};
  log.log("stale pidfile, removing");
  if (::unlink(path.c_str()) != 0)
    return Error{fmt::format("could not remove stale pidfile: {}", std::strerror(errno))};
  return Done{};
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), writer_(std::exchange(other.writer_, 0)) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
    writer_ = std::exchange(other.writer_, 0);
  }
  return *this;
}

PidFile::~PidFile() { remove(); }

Result<PidFile> PidFile::write(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.valid()) return failed("open", path);
  PidFile written(path, ::getpid());
  const std::string text = fmt::format("{}\n", ::getpid());
  const ssize_t count = ::write(file.get(), text.data(), text.size());
  if (count < 0) return failed("write", path);
  if (static_cast<std::size_t>(count) != text.size()) {
    errno = ENOSPC;
    return failed("write", path);
  }
  return written;
}

void PidFile::remove() noexcept {
  // A forked child leaves its parent's file alone.
  if (!path_.empty() && writer_ == ::getpid()) ::unlink(path_.c_str());
  path_.clear();
}

}  // namespace uvb
