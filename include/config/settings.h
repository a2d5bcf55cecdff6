#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "config/pool_mode.h"
#include "config/ssl_mode.h"

namespace uvb {

/// The words of auth_type (settings.md 4.2).
enum class AuthType : std::uint8_t { any, trust, plain, md5, cert, hba, ldap, pam, scram_sha_256 };

/// The `[pgbouncer]` section (settings.md 2): a member is named after its setting and starts with the setting's
/// default. What a value means is in settings.md 3. Durations are what the file gives in seconds. Lists are kept as
/// text; see config/list.h. std::nullopt is the console's NULL: never set.
struct Settings {
  std::string admin_users;
  bool application_name_add_host = false;
  std::optional<std::string> auth_dbname;
  std::optional<std::string> auth_file;
  std::string auth_hba_file;
  std::optional<std::string> auth_ident_file;
  std::optional<std::string> auth_ldap_options;
  std::string auth_query =
      "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid"
      " WHERE rolname=$1 AND rolcanlogin";
  AuthType auth_type = AuthType::md5;
  std::optional<std::string> auth_user;
  Micros autodb_idle_timeout = std::chrono::seconds(3600);
  Micros cancel_wait_timeout = std::chrono::seconds(10);
  Micros client_idle_timeout{};
  Micros client_login_timeout = std::chrono::seconds(60);
  std::optional<std::string> client_tls13_ciphers;
  std::string client_tls_ca_file;
  std::string client_tls_cert_file;
  std::string client_tls_ciphers = "default";
  std::string client_tls_dheparams = "auto";
  std::string client_tls_ecdhcurve = "auto";
  std::string client_tls_key_file;
  std::string client_tls_protocols = "secure";
  SslMode client_tls_sslmode = SslMode::disable;
  std::optional<std::string> conffile;
  int default_pool_size = 20;
  bool disable_pqexec = false;
  Micros dns_max_ttl = std::chrono::seconds(15);
  Micros dns_nxdomain_ttl = std::chrono::seconds(15);
  Micros dns_zone_check_period{};
  Micros idle_transaction_timeout{};
  std::string ignore_startup_parameters;
  std::string job_name = "pgbouncer";
  std::string listen_addr;
  int listen_backlog = 128;
  int listen_port = 6432;
  bool log_connections = true;
  bool log_disconnections = true;
  bool log_pooler_errors = true;
  bool log_stats = true;
  std::string logfile;
  std::string login_notify_message;
  int max_client_conn = 100;
  int max_db_client_connections = 0;
  int max_db_connections = 0;
  std::uint32_t max_packet_size = 2147483647;  ///< bytes
  int max_prepared_statements = 200;
  int max_user_client_connections = 0;
  int max_user_connections = 0;
  int min_pool_size = 0;
  int peer_id = 0;
  std::string pidfile;
  int pkt_buf = 4096;  ///< bytes
  PoolMode pool_mode = PoolMode::session;
  Micros pool_idle_timeout{};
  Micros query_timeout{};
  int query_wait_notify = 5;  ///< whole seconds
  Micros query_wait_timeout = std::chrono::seconds(120);
  int reserve_pool_size = 0;
  Micros reserve_pool_timeout = std::chrono::seconds(5);
  std::string resolv_conf;
  int sbuf_loopcnt = 5;
  int scram_iterations = 4096;
  Micros server_check_delay = std::chrono::seconds(30);
  std::string server_check_query = "<empty>";
  Micros server_connect_timeout = std::chrono::seconds(15);
  bool server_fast_close = false;
  Micros server_idle_timeout = std::chrono::seconds(600);
  Micros server_lifetime = std::chrono::seconds(3600);
  Micros server_login_retry = std::chrono::seconds(15);
  std::string server_reset_query = "DISCARD ALL";
  bool server_reset_query_always = false;
  bool server_round_robin = false;
  std::optional<std::string> server_tls13_ciphers;
  std::string server_tls_ca_file;
  std::string server_tls_cert_file;
  std::string server_tls_ciphers = "default";
  std::string server_tls_key_file;
  std::string server_tls_protocols = "secure";
  SslMode server_tls_sslmode = SslMode::prefer;
  bool so_reuseport = false;
  int stats_period = 60;  ///< seconds
  std::string stats_users;
  Micros suspend_timeout = std::chrono::seconds(10);
  bool syslog = false;
  std::string syslog_facility = "daemon";
  std::string syslog_ident = "pgbouncer";
  bool tcp_defer_accept = true;
  bool tcp_keepalive = true;
  int tcp_keepcnt = 0;
  int tcp_keepidle = 0;       ///< seconds
  int tcp_keepintvl = 0;      ///< seconds
  int tcp_socket_buffer = 0;  ///< bytes
  int tcp_user_timeout = 0;   ///< milliseconds
  std::string track_extra_parameters = "IntervalStyle";
  Micros transaction_timeout{};
  std::string unix_socket_dir = "/tmp";
  std::string unix_socket_group;
  int unix_socket_mode = 0777;
  std::optional<std::string> user;
  int verbose = 0;
};

/// cleartext_server_auth: what to do when a server wants a clear-text password and only a hash is stored (design.md 5).
enum class CleartextServerAuth : std::uint8_t { ask, fail };
enum class LogFormat : std::uint8_t { text, json };
enum class TlsNegotiation : std::uint8_t { postgres, direct };

/// The `[uvbouncer]` section: what PgBouncer does not have (design.md 1 and 5). A file without it is a PgBouncer file.
struct UvbouncerSettings {
  bool cancel_on_client_disconnect = false;
  CleartextServerAuth cleartext_server_auth = CleartextServerAuth::ask;
  std::string compat_version = "1.25";
  std::string http_listen_addr = "127.0.0.1";
  int http_port = 0;  ///< 0: off
  LogFormat log_format = LogFormat::text;
  bool server_rollback_on_disconnect = false;
  TlsNegotiation server_tls_negotiation = TlsNegotiation::postgres;
  bool tls_watch_files = true;
  int worker_threads = 0;  ///< 0: as many as CPUs this process may use
};

}  // namespace uvb
