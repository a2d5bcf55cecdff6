#include "config/loader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

namespace uvb {
namespace {

/// Files that only exist here; "main.ini" is the one loaded.
class Loader : public testing::Test {
 protected:
  Result<Config> load(const std::string& text, const Config* previous = nullptr, int verbosity = 0) {
    files_["main.ini"] = text;
    const ReadFile read = [this](const std::string& file) -> Result<std::string> {
      const auto found = files_.find(file);
      if (found == files_.end()) return Error{"No such file or directory"};
      return found->second;
    };
    return load_config("main.ini", read, previous, verbosity);
  }

  Config loaded(const std::string& text, const Config* previous = nullptr, int verbosity = 0) {
    Result<Config> config = load(text, previous, verbosity);
    EXPECT_TRUE(config.ok()) << (config ? "" : config.error().message);
    return config ? std::move(*config) : Config{};
  }

  std::string error_of(const std::string& text) {
    const Result<Config> config = load(text);
    return config ? "" : config.error().message;
  }

  std::map<std::string, std::string> files_;
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text + "\n").find("\n" + line + "\n") != std::string::npos;
}

bool has_warning(const Config& config, const std::string& text) {
  return std::find(config.warnings.begin(), config.warnings.end(), text) != config.warnings.end();
}

TEST_F(Loader, FileWithoutSettingsHasAllDefaults) {
  const Config config = loaded("[pgbouncer]\n");
  EXPECT_EQ(config.settings.default_pool_size, 20);
  EXPECT_EQ(config.settings.conffile, "main.ini");
  EXPECT_EQ(config.file, "main.ini");
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(Loader, AllSectionsAreRead) {
  const Config config = loaded(
      "[users]\nbob = pool_size=3\n[databases]\napp = host=h\n* = host=other\n[pgbouncer]\nlisten_port = 7000\n"
      "[peers]\n2 = host=/tmp/two\n[uvbouncer]\nworker_threads = 3\ncleartext_server_auth = fail\n");
  EXPECT_EQ(config.users.at("bob").pool_size, 3);
  EXPECT_EQ(config.databases.at("app").host, "h");
  EXPECT_EQ(config.databases.size(), 1U);
  EXPECT_EQ(config.autodb, "host=other");
  EXPECT_EQ(config.settings.listen_port, 7000);
  EXPECT_EQ(config.peers.at(2).host, "/tmp/two");
  EXPECT_EQ(config.uvbouncer.worker_threads, 3);
  EXPECT_EQ(config.uvbouncer.cleartext_server_auth, CleartextServerAuth::fail);
}

TEST_F(Loader, ValuesAreNotCutWhateverTheirLength) {
  const std::string query = "select '" + std::string(5000, 'x') + " ; not a comment'";
  EXPECT_EQ(loaded("[pgbouncer]\nserver_reset_query = " + query + "\n").settings.server_reset_query, query);
}

TEST_F(Loader, LongNamesOfDatabasesAndSectionsArriveWhole) {
  const std::string name(63, 'n');
  EXPECT_EQ(loaded("[pgbouncer]\n[databases]\n" + name + " = host=h\n").databases.count(name), 1U);
  const std::string section(300, 's');
  EXPECT_NE(error_of("[" + section + "]\n").find("invalid section \"" + section + "\""), std::string::npos);
}

TEST_F(Loader, DatabaseNamesAreCaseSensitiveQuotedOrEmpty) {
  const Config config = loaded("[pgbouncer]\n[databases]\nA = host=1\na = host=2\n'my db' = host=3\n= host=4\n");
  EXPECT_EQ(config.databases.at("A").host, "1");
  EXPECT_EQ(config.databases.at("a").host, "2");
  EXPECT_EQ(config.databases.at("my db").host, "3");
  EXPECT_EQ(config.databases.at("").host, "4");
}

TEST_F(Loader, LaterDuplicateWins) {
  const Config config =
      loaded("[pgbouncer]\nlisten_port=1\nlisten_port=2\n[databases]\na = host=1 port=9\na = host=2\n");
  EXPECT_EQ(config.settings.listen_port, 2);
  EXPECT_EQ(config.databases.at("a").port, 5432);
}

TEST_F(Loader, SecondMainHeaderResetsAllButSettingsWithoutDefault) {
  const Config config = loaded("[pgbouncer]\nlisten_port=1\nauth_file=f\n[pgbouncer]\nmax_client_conn=5\n");
  EXPECT_EQ(config.settings.listen_port, 6432);
  EXPECT_EQ(config.settings.auth_file, "f");
  EXPECT_EQ(config.settings.max_client_conn, 5);
}

TEST_F(Loader, QuotedSettingNameWorks) {
  EXPECT_EQ(loaded("[pgbouncer]\n'listen_port' = 5\n").settings.listen_port, 5);
}

TEST_F(Loader, WindowsLineEndsWork) {
  EXPECT_EQ(loaded("[pgbouncer]\r\npool_mode = transaction\r\n").settings.pool_mode, PoolMode::transaction);
}

TEST_F(Loader, FileWithoutMainSectionIsRefused) {
  EXPECT_EQ(error_of("[databases]\na = host=h\n"), "load_init_file: main section missing from config file");
  EXPECT_EQ(error_of(""), "load_init_file: main section missing from config file");
}

TEST_F(Loader, MissingFileIsNamed) {
  const Result<Config> config = load_config("/nonexistent/x.ini");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().message, "could not load file \"/nonexistent/x.ini\": No such file or directory");
}

TEST_F(Loader, SyntaxErrorNamesItsLineEvenWhenBlankLinesFollow) {
  const std::string error = error_of("[pgbouncer]\n\nlisten_port 5\n\n\n\n");
  EXPECT_TRUE(error.starts_with("syntax error in configuration (main.ini:3), stopping loading")) << error;
}

TEST_F(Loader, BadValueNamesItsLineAndWhatIsAccepted) {
  const std::string error = error_of("[pgbouncer]\n\ndefault_pool_size = ten   \n\n\n\n");
  EXPECT_TRUE(
      error.starts_with("invalid value \"ten\" for parameter default_pool_size in configuration (main.ini:3): "))
      << error;
  EXPECT_NE(error.find("whole number"), std::string::npos);
}

TEST_F(Loader, BadWordListsTheWords) {
  EXPECT_NE(error_of("[pgbouncer]\npool_mode = fast\n").find("session, transaction, statement"), std::string::npos);
}

TEST_F(Loader, UnknownSettingIsRefused) {
  const std::string error = error_of("[pgbouncer]\nservice_name = x\n");
  EXPECT_TRUE(has_line(error, "unknown parameter: pgbouncer/service_name")) << error;
  EXPECT_NE(error.find("\ninvalid value \"x\" for parameter service_name in configuration (main.ini:2)"),
            std::string::npos);
}

TEST_F(Loader, SettingInTheOtherSectionIsPointedOut) {
  EXPECT_NE(error_of("[pgbouncer]\nworker_threads = 2\n").find("section [uvbouncer]"), std::string::npos);
  EXPECT_NE(error_of("[pgbouncer]\n[uvbouncer]\npool_mode = session\n").find("section [pgbouncer]"), std::string::npos);
}

TEST_F(Loader, UnknownSectionIsRefused) {
  for (const char* name : {"PGBOUNCER", " pgbouncer ", "stuff"}) {
    const std::string error = error_of("[pgbouncer]\n[" + std::string(name) + "]\n");
    EXPECT_TRUE(error.starts_with("fill_defaults fail\ninvalid section \"" + std::string(name) +
                                  "\" in configuration (main.ini:2)"))
        << error;
  }
}

TEST_F(Loader, LineBeforeTheFirstSectionIsRefused) {
  const std::string error = error_of("a = 1\n[pgbouncer]\n");
  EXPECT_TRUE(
      error.starts_with("load_init_file: value without section: a\ninvalid value \"1\" for parameter a in"
                        " configuration (main.ini:1)"))
      << error;
}

TEST_F(Loader, BadDatabaseLineCarriesBothSentences) {
  EXPECT_EQ(error_of("[pgbouncer]\n[databases]\na = port=0\n"),
            "invalid port: 0\ninvalid value \"port=***\" for parameter a in configuration (main.ini:3)");
}

TEST_F(Loader, PasswordsAreNotPrinted) {
  const std::string error = error_of("[pgbouncer]\n[databases]\na = user=u password=geheim port=0\n");
  EXPECT_EQ(error.find("geheim"), std::string::npos) << error;
  EXPECT_NE(error.find("\"user=*** password=*** port=***\""), std::string::npos) << error;
}

TEST_F(Loader, NoValueOfARefusedConnectionStringIsPrinted) {
  for (const char* line : {"a = user=u pass=geheim", "a = Password=geheim port=0", "a = pasword = 'x geheim' port=0",
                           "a = password='it''s geheim", "a = password=x geheim", "a = port=0 password='x' geheim"}) {
    for (const char* section : {"databases", "users", "peers"}) {
      const std::string error = error_of(fmt::format("[pgbouncer]\n[{}]\n{}\n", section, line));
      EXPECT_NE(error, "") << line;
      EXPECT_EQ(error.find("geheim"), std::string::npos) << error;
    }
  }
}

TEST_F(Loader, NoValueOfADatabaseLineInTheWrongPlaceIsPrinted) {
  for (const char* before : {"", "[pgbouncer]\n", "[pgbouncer]\n[uvbouncer]\n"}) {
    const std::string error = error_of(before + std::string("a = host=h Password=geheim\n"));
    EXPECT_EQ(error.find("geheim"), std::string::npos) << error;
    EXPECT_NE(error.find("\"host=*** Password=***\""), std::string::npos) << error;
  }
}

TEST_F(Loader, ErrorsOfUsersAndPeersCarryTheGeneralSentence) {
  EXPECT_EQ(error_of("[pgbouncer]\n[users]\nbob = x=1\n"),
            "unrecognized user parameter: x\ninvalid value \"x=***\" for parameter bob in configuration (main.ini:3)");
  EXPECT_EQ(error_of("[pgbouncer]\n[peers]\n0 = host=h\n"),
            "ids of peers must be a number larger than 0 and at most 65536\n"
            "invalid value \"host=***\" for parameter 0 in configuration (main.ini:3)");
}

TEST_F(Loader, StarLineWithAMistakeLoadsWithAWarning) {
  const Config config = loaded("[pgbouncer]\n[databases]\n* = hots=x\n");
  EXPECT_EQ(config.autodb, "hots=x");
  ASSERT_EQ(config.warnings.size(), 1U);
  EXPECT_NE(config.warnings[0].find("unrecognized connection parameter: hots"), std::string::npos);
  EXPECT_FALSE(find_database(config, "any").ok());
}

// --- %include --------------------------------------------------------------------------------------------------------

TEST_F(Loader, IncludeCarriesTheSectionInAndOut) {
  files_["dbs.ini"] = "in_main = host=1\n[users]\nbob = pool_size=1\n";
  const Config config = loaded("[pgbouncer]\n[databases]\n%include dbs.ini\nann = pool_size=2\n");
  EXPECT_EQ(config.databases.count("in_main"), 1U);
  EXPECT_EQ(config.users.size(), 2U);
}

TEST_F(Loader, IncludedMainHeaderResets) {
  files_["more.ini"] = "[pgbouncer]\nmax_client_conn = 5\n";
  const Config config = loaded("[pgbouncer]\nlisten_port = 7\n%include more.ini\n");
  EXPECT_EQ(config.settings.listen_port, 6432);
  EXPECT_EQ(config.settings.max_client_conn, 5);
}

TEST_F(Loader, ErrorInAnIncludedFileNamesTheWayToIt) {
  files_["a.ini"] = "\n%include b.ini\n";
  files_["b.ini"] = "max_client_conn = 1\n\nmax_client_conn = x\n";
  const std::string error = error_of("[pgbouncer]\n%include a.ini\n");
  EXPECT_NE(error.find("for parameter max_client_conn in configuration (b.ini:3)"), std::string::npos) << error;
  EXPECT_TRUE(
      error.ends_with("\nerror processing include file in configuration (a.ini:2), stopping loading"
                      "\nerror processing include file in configuration (main.ini:2), stopping loading"))
      << error;
}

TEST_F(Loader, MissingIncludedFileIsNamedWithItsPlace) {
  EXPECT_EQ(error_of("[pgbouncer]\n%include none.ini\n"),
            "could not load file \"none.ini\": No such file or directory\n"
            "error processing include file in configuration (main.ini:2), stopping loading");
}

TEST_F(Loader, TenNestedIncludesWorkAndElevenDoNot) {
  const auto chain = [this](int levels) {
    for (int level = 1; level < levels; ++level) {
      files_[std::to_string(level)] = "%include " + std::to_string(level + 1) + "\n";
    }
    files_[std::to_string(levels)] = "max_client_conn = 5\n";
  };
  chain(10);
  EXPECT_EQ(loaded("[pgbouncer]\n%include 1\n").settings.max_client_conn, 5);
  chain(11);
  const std::string error = error_of("[pgbouncer]\n%include 1\n");
  EXPECT_TRUE(error.starts_with("include nesting level too deep (10:1), stopping loading\n")) << error;
  EXPECT_TRUE(error.ends_with("error processing include file in configuration (main.ini:2), stopping loading"))
      << error;
}

TEST_F(Loader, FileThatIncludesItselfIsRefused) {
  EXPECT_TRUE(error_of("[pgbouncer]\n%include main.ini\n").starts_with("include nesting level too deep"));
}

TEST_F(Loader, LinesAfterAnIncludeKeepTheirNumbers) {
  files_["a.ini"] = "max_client_conn = 1\n\n\n\n";
  EXPECT_NE(error_of("[pgbouncer]\n%include a.ini\nmax_client_conn = x\n").find("(main.ini:3)"), std::string::npos);
}

// --- trailing comments -----------------------------------------------------------------------------------------------

TEST_F(Loader, CommentBehindANumberIsAcceptedWithAWarningNamingTheLine) {
  const Config config = loaded("[pgbouncer]\n\ndefault_pool_size = 25        # Connections per database per user\n");
  EXPECT_EQ(config.settings.default_pool_size, 25);
  ASSERT_EQ(config.warnings.size(), 1U);
  EXPECT_TRUE(config.warnings[0].starts_with("default_pool_size (main.ini:3): ")) << config.warnings[0];
}

TEST_F(Loader, CommentBehindTlsWordsIsAccepted) {
  const Config config = loaded(
      "[pgbouncer]\nclient_tls_protocols = secure  # TLS 1.2 and 1.3 only\n"
      "client_tls_sslmode = require ; clients\nclient_tls_ciphers = HIGH:!aNULL # strong\n");
  EXPECT_EQ(config.settings.client_tls_protocols, "secure");
  EXPECT_EQ(config.settings.client_tls_sslmode, SslMode::require);
  EXPECT_EQ(config.settings.client_tls_ciphers, "HIGH:!aNULL");
  EXPECT_EQ(config.warnings.size(), 3U);
}

TEST_F(Loader, FreeTextKeepsWhatLooksLikeAComment) {
  const Config config = loaded("[pgbouncer]\nserver_reset_query = select 1 ; select 2 # x\nadmin_users = a # b\n");
  EXPECT_EQ(config.settings.server_reset_query, "select 1 ; select 2 # x");
  EXPECT_EQ(config.settings.admin_users, "a # b");
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(Loader, CommentWithoutABlankInFrontIsNotOne) {
  EXPECT_FALSE(load("[pgbouncer]\ndefault_pool_size = 25# x\n").ok());
}

TEST_F(Loader, CommentBehindADatabaseLineIsAccepted) {
  const Config config =
      loaded("[pgbouncer]\n[databases]\na = host=h password='x # y' # the app\nb = password=a#b\n* = host=i ; rest\n");
  EXPECT_EQ(config.databases.at("a").host, "h");
  EXPECT_EQ(config.databases.at("a").password->view(), "x # y");
  EXPECT_EQ(config.databases.at("b").password->view(), "a#b");
  EXPECT_EQ(config.autodb, "host=i");
  EXPECT_EQ(config.warnings.size(), 2U);
}

// --- what is not built yet -------------------------------------------------------------------------------------------

TEST_F(Loader, AuthTypesNotBuiltYetAreAClearError) {
  for (const char* type : {"hba", "pam", "ldap"}) {
    const std::string error = error_of("[pgbouncer]\nlisten_port = 1\nauth_type = " + std::string(type) + "\n");
    EXPECT_EQ(error, "auth_type=" + std::string(type) +
                         " is not supported by this version of uvbouncer yet\ninvalid value \"" + type +
                         "\" for parameter auth_type in configuration (main.ini:3)");
  }
}

TEST_F(Loader, AuthTypeThatALaterHeaderResetsDoesNotMatter) {
  EXPECT_EQ(loaded("[pgbouncer]\nauth_type = hba\n[pgbouncer]\n").settings.auth_type, AuthType::md5);
}

TEST_F(Loader, ConsoleIsNoAuthDatabase) {
  EXPECT_TRUE(error_of("[pgbouncer]\nauth_dbname = pgbouncer\n")
                  .starts_with("cannot use the reserved \"pgbouncer\" database as an auth_dbname\n"));
}

TEST_F(Loader, InertSettingsAreWarnedOf) {
  const Config config = loaded(
      "[pgbouncer]\nauth_user = x\npeer_id = 1\n[peers]\n1 = host=h\n[uvbouncer]\n"
      "compat_version = 1.18\n[databases]\na = auth_user=y\n");
  EXPECT_TRUE(has_warning(config, "auth_user has no effect yet in this version"));
  EXPECT_TRUE(has_warning(config, "peer_id has no effect yet in this version"));
  EXPECT_TRUE(has_warning(config, "[peers] has no effect yet in this version"));
  EXPECT_TRUE(has_warning(config, "compat_version has no effect yet in this version"));
  EXPECT_TRUE(has_warning(config, "auth_user of database \"a\" has no effect yet in this version"));
  EXPECT_EQ(config.warnings.size(), 5U);
}

TEST_F(Loader, SettingsOfPartsNotBuiltYetAreWarnedOf) {
  for (const char* setting : {"dns_max_ttl", "dns_nxdomain_ttl", "dns_zone_check_period", "pkt_buf", "resolv_conf",
                              "sbuf_loopcnt", "suspend_timeout"}) {
    const Config config = loaded(fmt::format("[pgbouncer]\n{} = 77\n", setting));
    EXPECT_TRUE(has_warning(config, fmt::format("{} has no effect yet in this version", setting)));
  }
}

TEST_F(Loader, InertSettingsAtTheirDefaultAreNotWarnedOf) {
  EXPECT_TRUE(loaded("[pgbouncer]\npeer_id = 0\n[uvbouncer]\ncompat_version = 1.25\n").warnings.empty());
}

TEST_F(Loader, BrokenFileStillTellsWhereItsLogGoes) {
  const ReadFile read = [](const std::string&) -> Result<std::string> {
    return std::string("[pgbouncer]\nlogfile = x.log\nsyslog = yes\nmax_client_conn = many\nsyslog_ident = me\n[");
  };
  const Settings settings = read_log_settings("main.ini", read);
  EXPECT_EQ(settings.logfile, "x.log");
  EXPECT_FALSE(settings.syslog);
  EXPECT_EQ(settings.syslog_ident, "me");
}

// --- RELOAD ----------------------------------------------------------------------------------------------------------

TEST_F(Loader, ReloadKeepsRestartOnlySettings) {
  const Config before = loaded("[pgbouncer]\nlisten_port = 7000\nmax_client_conn = 5\n");
  const Config after = loaded("[pgbouncer]\nlisten_port = 8000\nmax_client_conn = 6\n", &before);
  EXPECT_EQ(after.settings.listen_port, 7000);
  EXPECT_EQ(after.settings.max_client_conn, 6);
  EXPECT_TRUE(has_warning(after, "listen_port changes only with a restart, keeping 7000"));
  EXPECT_EQ(after.warnings.size(), 1U);
}

TEST_F(Loader, ReloadUnsetsWhatLeftTheFile) {
  const Config before = loaded("[pgbouncer]\nauth_file = f\nmax_client_conn = 5\nverbose = 2\n", nullptr, 1);
  EXPECT_EQ(before.settings.verbose, 2);
  const Config after = loaded("[pgbouncer]\n", &before, 1);
  EXPECT_EQ(after.settings.auth_file, std::nullopt);
  EXPECT_EQ(after.settings.max_client_conn, 100);
  EXPECT_EQ(after.settings.verbose, 1);
}

TEST_F(Loader, ConffileMayBeSetByTheFileItself) {
  EXPECT_EQ(loaded("[pgbouncer]\nconffile = next.ini\n").settings.conffile, "next.ini");
}

TEST_F(Loader, RestartOnlySettingsOfOursAreKeptToo) {
  const Config before = loaded("[pgbouncer]\n[uvbouncer]\nworker_threads = 2\n");
  const Config after = loaded("[pgbouncer]\n[uvbouncer]\nworker_threads = 4\ncleartext_server_auth = fail\n", &before);
  EXPECT_EQ(after.uvbouncer.worker_threads, 2);
  EXPECT_EQ(after.uvbouncer.cleartext_server_auth, CleartextServerAuth::fail);
  EXPECT_TRUE(has_warning(after, "worker_threads changes only with a restart, keeping 2"));
}

TEST(LoaderOnDisk, ReadsRealFiles) {
  const std::string file = testing::TempDir() + "uvb_loader_" + std::to_string(::getpid());
  std::ofstream(file) << "[pgbouncer]\nlisten_port = 7001\n" << std::string(20000, '\n') << "max_client_conn = 3";
  const Result<Config> config = load_config(file);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->settings.listen_port, 7001);
  EXPECT_EQ(config->settings.max_client_conn, 3);
  std::remove(file.c_str());
}

TEST(LoaderOnDisk, DirectoryIsNotAFile) {
  const Result<Config> config = load_config("/");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().message, "could not load file \"/\": Is a directory");
}

}  // namespace
}  // namespace uvb
