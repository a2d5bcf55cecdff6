#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "config/snapshot.h"

namespace uvb {

/// Gives a file's contents; the error text is strerror's (`No such file or directory`).
using ReadFile = std::function<Result<std::string>(const std::string& file)>;

/// Reads `file` and everything it includes into a new configuration, or says why not: nothing is ever half done.
/// The error holds one or more lines, each to be logged as ERROR: PgBouncer's sentences (settings.md appendix A) with
/// file and line, followed by what would be accepted.
/// `previous`: on RELOAD, the settings in force: restart-only ones keep their value. Null at start.
/// `verbosity`: how many -v the command line had; what `verbose` is unless the file sets it.
/// Blocks on file reads; call it where that does no harm.
Result<Config> load_config(const std::string& file, const Settings* previous = nullptr, int verbosity = 0);

/// The same with files from elsewhere, for tests and fuzzers.
Result<Config> load_config(const std::string& file, const ReadFile& read_file, const Settings* previous = nullptr,
                           int verbosity = 0);

}  // namespace uvb
