// The whole way of a configuration file: lexer, libinih, sections, connection strings, option values. The input is the
// main file; a part behind the byte 0x01 is what every %include gets.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "config/loader.h"
#include "config/option_table.h"

namespace {

/// What was accepted must be accepted again, and mean the same, when it is written as it is shown.
void check_shown_values(const uvb::Settings& settings) {
  uvb::Settings again = settings;
  for (const uvb::Option& option : uvb::options()) {
    const auto shown = show_option(settings, option);
    if (shown && !set_option(again, option, *shown)) std::abort();
    if (show_option(again, option) != shown) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = uvb::as_text({data, size});
  const std::size_t cut = std::min(text.find('\x01'), text.size());
  const std::string main(text.substr(0, cut));
  const std::string included(text.substr(std::min(cut + 1, text.size())));
  const uvb::ReadFile read = [&](const std::string& file) -> uvb::Result<std::string> {
    return file == "main" ? main : included;
  };
  const auto config = uvb::load_config("main", read);
  if (!config) {
    if (config.error().message.empty()) std::abort();
    return 0;
  }
  check_shown_values(config->settings);
  for (const auto& [name, database] : config->databases) {
    if (name.size() > 63 || name == "pgbouncer" || database.port == 0) std::abort();
    (void)effective_pool(*config, database, database.user.value_or("someone"));
  }
  (void)find_database(*config, "unlisted");
  // Restart-only values of a configuration reloaded over itself never differ.
  const auto reloaded = uvb::load_config("main", read, &*config);
  if (!reloaded || reloaded->warnings != config->warnings) std::abort();
  return 0;
}
