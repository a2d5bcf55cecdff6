#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/ini_file.h"
#include "config/snapshot.h"

namespace uvb {

/// Makes a Config of what an ini file says, section by section (settings.md 1.3, 1.8 to 1.10).
class ConfigBuilder final : public IniSink {
 public:
  /// `file` becomes the initial `conffile`, `verbosity` the initial `verbose`.
  ConfigBuilder(std::string file, int verbosity);

  Status section(std::string_view name, const IniPlace& place) override;
  Status entry(const std::string* section, std::string_view key, std::string_view value,
               const IniPlace& place) override;

  /// The result, if everything fits together. Call once, at the end.
  Result<Config> finish();

 private:
  using Valid = std::function<bool(std::string_view)>;

  Status pgbouncer_entry(const std::string& key, std::string_view value, const IniPlace& place);
  Status uvbouncer_entry(const std::string& key, std::string_view value, const IniPlace& place);
  void autodb_entry(std::string_view value, const IniPlace& place);
  Status database_entry(const std::string& key, std::string_view value);
  Status user_entry(const std::string& key, std::string_view value);
  Status peer_entry(const std::string& key, std::string_view value);
  /// The value, or the part in front of a comment if only that is valid; warns then.
  std::string_view strip_comment(std::string_view key, std::string_view value, const IniPlace& place,
                                 const Valid& valid);
  void reset_settings();

  Config config_;
  bool main_section_seen_ = false;
  std::map<std::string, IniPlace, std::less<>> places_;  ///< where each [pgbouncer] setting was set last
};

}  // namespace uvb
