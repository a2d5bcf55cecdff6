// The manual, the sample files and the option table say the same. With UVB_UPDATE_REFERENCE=1 in the environment the
// tests write what the table prints into etc/uvbouncer.ini and man/uvbouncer.5 instead of complaining.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "config/loader.h"
#include "config/option_table.h"
#include "config/printed_reference.h"
#include "config/user_list.h"
#include "reference_files.h"

namespace uvb {
namespace {

/// The source tree: $UVB_SOURCE_DIR, what the build says, or the current directory.
std::string source_dir() {
  if (const char* dir = std::getenv("UVB_SOURCE_DIR")) return dir;
#ifdef UVB_SOURCE_DIR
  return UVB_SOURCE_DIR;
#else
  return ".";
#endif
}

std::string file(const std::string& name) { return source_dir() + "/" + name; }

/// Fails unless the file holds `expected`, or puts it there if asked to.
void expect_or_update(const std::string& name, const std::string& expected) {
  if (std::getenv("UVB_UPDATE_REFERENCE") != nullptr) std::ofstream(file(name), std::ios::binary) << expected;
  EXPECT_TRUE(contents(file(name)) == expected)
      << name << " is not what the table prints: run this test once with UVB_UPDATE_REFERENCE=1";
}

/// The sample with every setting's line in force.
std::string with_settings_in_force(const std::string& sample) {
  std::string text;
  bool settings = false;
  for (std::size_t at = 0; at < sample.size();) {
    const std::size_t end = sample.find('\n', at);
    const std::string line = sample.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("[")) settings = line == "[pgbouncer]" || line == "[uvbouncer]";
    const bool commented = settings && line.starts_with(";") && !line.starts_with(";;");
    text += (commented ? line.substr(1) : line) + "\n";
  }
  return text;
}

Result<Config> load_text(const std::string& text) {
  return load_config("sample", [&](const std::string&) -> Result<std::string> { return text; });
}

TEST(Reference, SampleFileIsWhatTheTablePrints) { expect_or_update("etc/uvbouncer.ini", print_sample_ini()); }

TEST(Reference, ManualHoldsWhatTheTablePrints) {
  const std::string manual = contents(file("man/uvbouncer.5"));
  const std::string expected = with_settings(manual, print_manual_settings());
  ASSERT_FALSE(expected.empty()) << "the manual lacks its markers";
  expect_or_update("man/uvbouncer.5", expected);
}

TEST(Reference, SampleFileLoadsAndChangesNothing) {
  const Result<Config> config = load_config(file("etc/uvbouncer.ini"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->databases.empty());
  for (const Option& option : options()) {
    if (option.name == "conffile") continue;
    EXPECT_EQ(show_option(config->settings, option), show_option(Settings{}, option)) << option.name;
  }
}

TEST(Reference, DefaultsInTheSampleAreDefaults) {
  std::string sample = contents(file("etc/uvbouncer.ini"));
  // Options without a default are shown as an empty assignment, which a number cannot be.
  const std::size_t verbose = sample.find("\n;verbose =\n");
  ASSERT_NE(verbose, std::string::npos);
  sample.erase(verbose + 1, std::string(";verbose =\n").size());
  const Result<Config> config = load_text(with_settings_in_force(sample));
  ASSERT_TRUE(config.ok()) << config.error().message;
  for (const Option& option : options()) {
    if (!option.default_text) continue;
    EXPECT_EQ(show_option(config->settings, option), show_option(Settings{}, option)) << option.name;
  }
}

TEST(Reference, SampleNamesEveryOptionOnce) {
  const std::string sample = contents(file("etc/uvbouncer.ini"));
  const auto count = [&](std::string_view name) {
    const std::string line = "\n;" + std::string(name) + " =";
    std::size_t found = 0;
    for (std::size_t at = sample.find(line); at != std::string::npos; at = sample.find(line, at + 1)) ++found;
    return found;
  };
  for (const Option& option : options()) EXPECT_EQ(count(option.name), 1U) << option.name;
  for (const UvbouncerOption& option : uvbouncer_options()) EXPECT_EQ(count(option.name), 1U) << option.name;
}

TEST(Reference, PrintedSettingsNameEveryOption) {
  const std::string printed = "\n" + print_settings();
  for (const Option& option : options()) {
    EXPECT_NE(printed.find("\n" + std::string(option.name) + " ="), std::string::npos) << option.name;
  }
  for (const UvbouncerOption& option : uvbouncer_options()) {
    EXPECT_NE(printed.find("\n" + std::string(option.name) + " ="), std::string::npos) << option.name;
  }
}

TEST(Reference, QuestDbRecipeLoadsWithoutWarnings) {
  const Result<Config> config = load_config(file("etc/pgbouncer-questdb.ini"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->warnings.empty()) << config->warnings.front();
  ASSERT_EQ(config->databases.count("qdb"), 1U);
  EXPECT_EQ(config->databases.at("qdb").port, 8812);
}

TEST(Reference, SampleUserListParses) {
  const Result<UserList> list = load_user_list(file("etc/userlist.txt"));
  ASSERT_TRUE(list.ok()) << list.error().message;
  EXPECT_EQ(list->error, std::nullopt);
  EXPECT_FALSE(list->secrets.empty());
}

TEST(Reference, ManualDescribesEveryKeyOfTheOtherSections) {
  const std::string manual = contents(file("man/uvbouncer.5"));
  const std::string keys = manual.substr(0, manual.find(kBegin));
  for (const char* key : {"dbname",
                          "host",
                          "port",
                          "user",
                          "password",
                          "auth_user",
                          "auth_query",
                          "auth_dbname",
                          "pool_size",
                          "min_pool_size",
                          "reserve_pool_size",
                          "max_db_connections",
                          "max_db_client_connections",
                          "server_lifetime",
                          "query_wait_timeout",
                          "pool_mode",
                          "load_balance_hosts",
                          "connect_query",
                          "client_encoding",
                          "max_user_connections",
                          "max_user_client_connections",
                          "query_timeout",
                          "idle_transaction_timeout",
                          "transaction_timeout",
                          "client_idle_timeout"}) {
    EXPECT_NE(keys.find("\n\\fB" + std::string(key) + "\\fR"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace uvb
