#include "config/option_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace uvb {
namespace {

TEST(OptionTable, HasHundredRowsInTheOrderOfShowConfig) {
  ASSERT_EQ(options().size(), 100U);
  std::vector<std::string> names;
  for (const Option& option : options()) names.emplace_back(option.name);
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  // pool_mode stands before pool_idle_timeout; everything else is bytewise.
  const auto idle = std::find(sorted.begin(), sorted.end(), "pool_idle_timeout");
  ASSERT_NE(idle, sorted.end());
  std::iter_swap(idle, idle + 1);
  EXPECT_EQ(names, sorted);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 100U);
}

TEST(OptionTable, EveryDefaultPassesItsOwnParserAndIsWhatTheStructStartsWith) {
  const Settings start;
  for (const Option& option : options()) {
    if (!option.default_text) continue;
    Settings settings;
    const Status set = set_option(settings, option, *option.default_text);
    ASSERT_TRUE(set.ok()) << option.name << ": " << set.error().message;
    EXPECT_EQ(show_option(settings, option), show_option(start, option)) << option.name;
    EXPECT_TRUE(option.plausible == nullptr || option.plausible(*option.default_text)) << option.name;
  }
}

TEST(OptionTable, EveryDefaultOfOursPassesItsOwnParserAndIsWhatTheStructStartsWith) {
  const UvbouncerSettings start;
  for (const UvbouncerOption& option : uvbouncer_options()) {
    UvbouncerSettings settings;
    ASSERT_TRUE(option.default_text.has_value());
    ASSERT_TRUE(set_option(settings, option, *option.default_text).ok()) << option.name;
    EXPECT_EQ(show_option(settings, option), show_option(start, option)) << option.name;
  }
}

TEST(OptionTable, SettingsWithoutBuiltInDefaultAreThoseOfPgBouncer) {
  std::set<std::string> names;
  for (const Option& option : options()) {
    if (!option.default_text) names.emplace(option.name);
  }
  const std::set<std::string> expected = {"auth_dbname",
                                          "auth_file",
                                          "auth_ident_file",
                                          "auth_ldap_options",
                                          "auth_user",
                                          "client_tls13_ciphers",
                                          "conffile",
                                          "server_tls13_ciphers",
                                          "user",
                                          "verbose"};
  EXPECT_EQ(names, expected);
}

TEST(OptionTable, RestartOnlySettingsAreThoseOfPgBouncer) {
  std::set<std::string> names;
  for (const Option& option : options()) {
    if (!option.reloadable) names.emplace(option.name);
  }
  const std::set<std::string> expected = {"disable_pqexec",   "job_name",
                                          "listen_addr",      "listen_backlog",
                                          "listen_port",      "pidfile",
                                          "pkt_buf",          "resolv_conf",
                                          "so_reuseport",     "track_extra_parameters",
                                          "unix_socket_dir",  "unix_socket_group",
                                          "unix_socket_mode", "user"};
  EXPECT_EQ(names, expected);
}

TEST(OptionTable, UnixSocketModeIsShownInDecimalWhileItsDefaultIsOctal) {
  const Option* option = find_option("unix_socket_mode");
  ASSERT_NE(option, nullptr);
  EXPECT_EQ(show_option(Settings{}, *option), "511");
  EXPECT_EQ(option->default_text, "0777");
}

TEST(OptionTable, NamesAreCaseSensitive) {
  EXPECT_EQ(find_option("Pool_Mode"), nullptr);
  EXPECT_NE(find_option("pool_mode"), nullptr);
  EXPECT_EQ(find_option("service_name"), nullptr);
  EXPECT_EQ(find_uvbouncer_option("pool_mode"), nullptr);
}

TEST(OptionTable, UnknownNameIsReportedAsPgBouncerDoes) {
  Settings settings;
  const Status set = set_option(settings, "drop_on_error", "1");
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().message, "unknown parameter: pgbouncer/drop_on_error");
}

TEST(OptionTable, RefusedValueLeavesTheSettingAlone) {
  Settings settings;
  const Status set = set_option(settings, "default_pool_size", "many");
  ASSERT_FALSE(set.ok());
  EXPECT_TRUE(set.error().message.starts_with("invalid value \"many\" for parameter default_pool_size: "));
  EXPECT_EQ(settings.default_pool_size, 20);
}

struct ShowCase {
  const char* name;
  const char* value;
  const char* shown;
};

class Show : public testing::TestWithParam<ShowCase> {};

TEST_P(Show, ValueIsShownInCanonicalForm) {
  Settings settings;
  const Option* option = find_option(GetParam().name);
  ASSERT_NE(option, nullptr);
  ASSERT_TRUE(set_option(settings, *option, GetParam().value).ok());
  EXPECT_EQ(show_option(settings, *option), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Values, Show,
    testing::Values(ShowCase{"server_lifetime", "3600", "3600"}, ShowCase{"server_lifetime", "1.5", "1.5"},
                    ShowCase{"server_lifetime", "1000000", "1e+06"}, ShowCase{"server_lifetime", "1e3", "1000"},
                    ShowCase{"server_lifetime", "0x10", "16"}, ShowCase{"server_lifetime", "1234567.5", "1.23457e+06"},
                    ShowCase{"server_lifetime", "0.1234567", "0.123456"},
                    ShowCase{"server_lifetime", "0.0000019", "1e-06"}, ShowCase{"server_lifetime", "0.3", "0.3"},
                    ShowCase{"server_lifetime", "1.001001", "1.001"}, ShowCase{"server_lifetime", "0.000009", "9e-06"},
                    ShowCase{"server_lifetime", "0.000249", "0.000249"}, ShowCase{"server_lifetime", "4.35", "4.35"},
                    ShowCase{"server_lifetime", "+2", "2"}, ShowCase{"server_lifetime", ".25", "0.25"},
                    ShowCase{"default_pool_size", "010", "8"}, ShowCase{"default_pool_size", "0x10", "16"},
                    ShowCase{"default_pool_size", "-3", "-3"}, ShowCase{"default_pool_size", "4294967297", "1"},
                    ShowCase{"unix_socket_mode", "777", "777"}, ShowCase{"max_packet_size", "-1", "4294967295"},
                    ShowCase{"log_stats", "7", "1"}, ShowCase{"log_stats", "00", "0"},
                    ShowCase{"pool_mode", "TRANSACTION", "transaction"},
                    ShowCase{"auth_type", "SCRAM-sha-256", "scram-sha-256"},
                    ShowCase{"server_tls_sslmode", "Verify-Full", "verify-full"}, ShowCase{"auth_user", "", ""},
                    ShowCase{"admin_users", "a, b ; c", "a, b ; c"}, ShowCase{"verbose", "2", "2"}));

class Refuse : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Refuse, ValueIsNotAccepted) {
  Settings settings;
  const auto [name, value] = GetParam();
  EXPECT_FALSE(set_option(settings, name, value).ok()) << name << " = " << value;
}

INSTANTIATE_TEST_SUITE_P(Values, Refuse,
                         testing::Values(std::pair{"log_stats", "yes"}, std::pair{"log_stats", "on"},
                                         std::pair{"log_stats", "true"}, std::pair{"log_stats", ""},
                                         std::pair{"default_pool_size", ""}, std::pair{"default_pool_size", "10 ; x"},
                                         std::pair{"default_pool_size", "1.5"}, std::pair{"default_pool_size", "0x"},
                                         std::pair{"default_pool_size", "08"}, std::pair{"max_packet_size", "big"},
                                         std::pair{"server_lifetime", "-1"}, std::pair{"server_lifetime", ""},
                                         std::pair{"server_lifetime", "1s"}, std::pair{"server_lifetime", "5min"},
                                         std::pair{"server_lifetime", "inf"}, std::pair{"server_lifetime", "nan"},
                                         std::pair{"server_lifetime", "1e400"}, std::pair{"server_lifetime", "+-1"},
                                         std::pair{"server_lifetime", "1e13"}, std::pair{"pool_mode", "session ; fast"},
                                         std::pair{"pool_mode", ""}, std::pair{"client_tls_sslmode", "disabled"},
                                         std::pair{"auth_type", "crypt"}, std::pair{"scram_iterations", "0"},
                                         std::pair{"scram_iterations", "-1"}, std::pair{"scram_iterations", "10000001"},
                                         std::pair{"scram_iterations", "2147483647"}));

TEST(OptionTable, NumberOutOfItsLimitsIsToldThem) {
  Settings settings;
  const Status set = set_option(settings, "scram_iterations", "0");
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().message,
            "invalid value \"0\" for parameter scram_iterations: a whole number from 1 to 10000000 is expected");
  EXPECT_EQ(settings.scram_iterations, 4096);
}

TEST(OptionTable, BothLimitsAreAccepted) {
  Settings settings;
  EXPECT_TRUE(set_option(settings, "scram_iterations", "1").ok());
  EXPECT_TRUE(set_option(settings, "scram_iterations", "10000000").ok());
  EXPECT_EQ(settings.scram_iterations, 10'000'000);
}

TEST(OptionTable, UnsetTextIsNullAndEmptyTextIsNot) {
  Settings settings;
  const Option* option = find_option("auth_file");
  ASSERT_NE(option, nullptr);
  EXPECT_EQ(show_option(settings, *option), std::nullopt);
  ASSERT_TRUE(set_option(settings, *option, "").ok());
  EXPECT_EQ(show_option(settings, *option), "");
}

TEST(OptionTable, VerboseIsShownAsZeroWhileItsDefaultIsNull) {
  const Option* option = find_option("verbose");
  ASSERT_NE(option, nullptr);
  EXPECT_EQ(show_option(Settings{}, *option), "0");
  EXPECT_EQ(option->default_text, std::nullopt);
}

TEST(OptionTable, CopyTakesOneMemberOnly) {
  Settings from;
  from.pool_mode = PoolMode::statement;
  from.max_client_conn = 7;
  Settings to;
  copy_option(to, from, *find_option("pool_mode"));
  EXPECT_EQ(to.pool_mode, PoolMode::statement);
  EXPECT_EQ(to.max_client_conn, 100);
}

TEST(OptionTable, OurOptionsRefuseWhatCannotWork) {
  UvbouncerSettings settings;
  EXPECT_TRUE(set_option(settings, "compat_version", "1.18").ok());
  EXPECT_FALSE(set_option(settings, "compat_version", "2.0").ok());
  EXPECT_TRUE(set_option(settings, "cleartext_server_auth", "FAIL").ok());
  EXPECT_EQ(settings.cleartext_server_auth, CleartextServerAuth::fail);
  EXPECT_FALSE(set_option(settings, "cleartext_server_auth", "maybe").ok());
  EXPECT_EQ(set_option(settings, "colour", "red").error().message, "unknown parameter: uvbouncer/colour");
}

TEST(OptionTable, EveryRowHasAManualSentence) {
  for (const Option& option : options()) EXPECT_TRUE(option.manual.ends_with(".")) << option.name;
  for (const UvbouncerOption& option : uvbouncer_options()) EXPECT_TRUE(option.manual.ends_with(".")) << option.name;
}

}  // namespace
}  // namespace uvb
