#include "config/loader.h"

#include <algorithm>
#include <array>

#include "config/config_builder.h"
#include "config/option_check.h"
#include "config/option_table.h"

namespace uvb {
namespace {

template <class Struct, class Row>
void keep(Struct& loaded, const Struct& previous, std::span<const Row> rows, std::vector<std::string>& warnings) {
  for (const Row& row : rows) {
    if (row.reloadable || show_option(loaded, row) == show_option(previous, row)) continue;
    copy_option(loaded, previous, row);
    warnings.push_back(restart_warning(row.name, show_option(previous, row)));
  }
}

class LogSettingsSink final : public IniSink {
 public:
  Status section(std::string_view /*name*/, const IniPlace& /*place*/) override { return Done{}; }

  Status entry(const std::string* section, std::string_view key, std::string_view value,
               const IniPlace& /*place*/) override {
    constexpr std::array<std::string_view, 4> kNames{"logfile", "syslog", "syslog_facility", "syslog_ident"};
    const bool wanted =
        section != nullptr && *section == "pgbouncer" && std::find(kNames.begin(), kNames.end(), key) != kNames.end();
    // Whatever else is wrong with the file is told by load_config().
    if (wanted) static_cast<void>(set_option(settings, key, value));
    return Done{};
  }

  Settings settings;
};

}  // namespace

Settings read_log_settings(const std::string& file, const ReadFile& read) {
  LogSettingsSink sink;
  static_cast<void>(read_ini(file, read, sink));
  return sink.settings;
}

Settings read_log_settings(const std::string& file) { return read_log_settings(file, read_file); }

void keep_restart_only(Config& loaded, const Config& previous) {
  keep(loaded.settings, previous.settings, options(), loaded.warnings);
  keep(loaded.uvbouncer, previous.uvbouncer, uvbouncer_options(), loaded.warnings);
}

Result<Config> load_config(const std::string& file, const ReadFile& read, const Config* previous, int verbosity) {
  ConfigBuilder builder(file, verbosity);
  const Status done = read_ini(file, read, builder);
  if (!done) return done.error();
  Result<Config> config = builder.finish();
  if (config && previous != nullptr) keep_restart_only(*config, *previous);
  return config;
}

Result<Config> load_config(const std::string& file, const Config* previous, int verbosity) {
  return load_config(file, read_file, previous, verbosity);
}

}  // namespace uvb
