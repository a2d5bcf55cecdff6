#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "session/context.h"

namespace uvb {

/// Makes the immutable whole that workers use out of a configuration: users, TLS contexts. Reads files; control thread.
class SnapshotBuilder {
 public:
  SnapshotBuilder(Log& log, std::shared_ptr<const Secret> mock_key) : log_(log), mock_key_(std::move(mock_key)) {}

  /// `previous`: the snapshot in force, null at start. Secrets that did not change keep their cached verifiers; TLS files are
  /// always read anew. An auth_file that cannot be read is logged and leaves the users as they were (settings.md 4.1). The
  /// error is why TLS cannot be set up.
  Result<std::shared_ptr<const Snapshot>> build(std::shared_ptr<const Config> config, const Snapshot* previous);

 private:
  std::shared_ptr<const UserSecrets> users(const Config& config, const Snapshot* previous);

  Log& log_;
  std::shared_ptr<const Secret> mock_key_;
};

}  // namespace uvb
