#pragma once

#include <string>

#include "base/result.h"
#include "config/ini_file.h"
#include "config/snapshot.h"

namespace uvb {

/// Reads `file` and everything it includes into a new configuration, or says why not: nothing is ever half done.
/// The error holds one or more lines, each to be logged as ERROR: PgBouncer's sentences (settings.md appendix A) with
/// file and line, followed by what would be accepted.
/// `previous`: on RELOAD, the configuration in force: restart-only settings keep its values. Null at start.
/// `verbosity`: how many -v the command line had; what `verbose` is unless the file sets it.
/// Blocks on file reads; call it where that does no harm.
Result<Config> load_config(const std::string& file, const Config* previous = nullptr, int verbosity = 0);

/// The same with files from elsewhere, for tests and fuzzers.
Result<Config> load_config(const std::string& file, const ReadFile& read, const Config* previous = nullptr,
                           int verbosity = 0);

/// For a file that does not load: defaults, but for the settings that say where log lines go, as far as the file can be
/// read.
Settings read_log_settings(const std::string& file);
Settings read_log_settings(const std::string& file, const ReadFile& read);

/// Puts restart-only values of `previous` back into a new configuration, with a warning where they differ.
void keep_restart_only(Config& loaded, const Config& previous);

}  // namespace uvb
