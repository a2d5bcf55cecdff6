#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "session/context.h"

namespace uvb {

/// What is read anew for a snapshot; the rest is taken over from the one before.
enum class Reread : std::uint8_t {
  nothing,     ///< SET of most settings
  tls,         ///< SET of a TLS setting
  everything,  ///< start and RELOAD
};

/// Makes the immutable whole that workers use out of a configuration: users, TLS contexts. Reads files; control thread.
class SnapshotBuilder {
 public:
  SnapshotBuilder(Log& log, std::shared_ptr<const Secret> mock_key) : log_(log), mock_key_(std::move(mock_key)) {}

  /// `previous`: the snapshot in force, null at start. Secrets that did not change keep their cached verifiers. An
  /// auth_file that cannot be read is logged and leaves the users as they were (settings.md 4.1). The error is why TLS
  /// cannot be set up. Files of server_tls_* that cannot be used are logged and let the process start, as it does with
  /// PgBouncer (settings.md 5.3); they are an error where good ones were in use before.
  Result<std::shared_ptr<const Snapshot>> build(std::shared_ptr<const Config> config, const Snapshot* previous,
                                                Reread reread = Reread::everything);

  /// Why a RELOAD could not read again what `in_force` was made of, if so. Logs no more than build() at start did.
  Status check_reload(const std::shared_ptr<const Config>& config, const Snapshot& in_force);

 private:
  Status set_up_tls(Snapshot& snapshot, const Snapshot* previous);
  Status set_up_server_tls(Snapshot& snapshot, const TlsSettings& settings, const Snapshot* previous);
  std::shared_ptr<const UserSecrets> users(const Config& config, const Snapshot* previous);

  Log& log_;
  std::shared_ptr<const Secret> mock_key_;
};

}  // namespace uvb
