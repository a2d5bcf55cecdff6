#pragma once

#include <sys/types.h>

#include <string>

#include "base/log.h"
#include "base/result.h"

namespace uvb {

/// Start-up check (admin-console.md 4.4): succeeds when `path` does not exist or names a dead process; such a file is
/// removed and `stale pidfile, removing` logged. Everything else is an error, an empty file included.
[[nodiscard]] Status check_pidfile(const std::string& path, Log& log);

/// The pidfile of this process, removed when the object goes in the process that wrote it. Move-only.
class PidFile {
 public:
  /// No file.
  PidFile() noexcept = default;
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile();

  /// Creates `path`, which must not exist, with this process's id. Call it after listening has succeeded and in
  /// the final process of a daemon.
  [[nodiscard]] static Result<PidFile> write(const std::string& path);

  /// Removes the file now.
  void remove() noexcept;

 private:
  PidFile(std::string path, pid_t writer) : path_(std::move(path)), writer_(writer) {}

  std::string path_;
  pid_t writer_ = 0;
};

}  // namespace uvb
