// The command line, and the parts put together.
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log_process.h"
#include "base/version.h"
#include "config/list.h"
#include "config/loader.h"
#include "control/command_line.h"
#include "control/control.h"
#include "control/daemon.h"
#include "control/listen_sockets.h"
#include "control/pidfile.h"
#include "control/privileges.h"
#include "transport/record_memory.h"
#include "uv/version.h"
#include "worker/worker.h"

namespace uvb {
namespace {

/// What a step of the start could not do; the text is logged as FATAL and the process ends with status 1.
struct StartFailure {
  std::string message;
};

void require(const Status& status) {
  if (!status) throw StartFailure{status.error().message};
}

std::vector<std::string> library_lines() {
  return {fmt::format("libuv {}", libuv_version()), "adns: libuv getaddrinfo",
          fmt::format("tls: {}", OpenSSL_version(OPENSSL_VERSION)), "systemd: no"};
}

std::shared_ptr<const Config> load(const CommandLine& line, ProcessLog& log) {
  Result<Config> loaded = load_config(line.config_file, nullptr, line.verbose);
  if (!loaded) {
    // Not as root: the file would belong to the wrong user.
    if (getuid() != 0) log.set_targets(log_targets(read_log_settings(line.config_file), !line.quiet));
    std::istringstream lines(loaded.error().message);
    for (std::string text; std::getline(lines, text);) log.error(text);
    throw StartFailure{"cannot load config file"};
  }
  if (!loaded->settings.conffile) loaded->settings.conffile = line.config_file;
  return std::make_shared<const Config>(std::move(loaded).value());
}

/// Root may read files that the user we became may not.
void warn_of_reload(SnapshotBuilder& builder, const std::shared_ptr<const Config>& config, const Snapshot& snapshot,
                    Log& log) {
  const Status again = builder.check_reload(config, snapshot);
  if (!again) log.warning(fmt::format("RELOAD will not work: {}", again.error().message));
}

std::shared_ptr<const Secret> random_secret() {
  std::array<char, 32> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw StartFailure{"no random numbers"};
  return std::make_shared<const Secret>(std::string_view(bytes.data(), bytes.size()));
}

ListenOptions listen_options(const Settings& settings) {
  ListenOptions options;
  options.listen_addr = settings.listen_addr;
  options.listen_port = settings.listen_port;
  options.listen_backlog = settings.listen_backlog;
  options.so_reuseport = settings.so_reuseport;
  options.tcp_defer_accept = settings.tcp_defer_accept;
  options.tcp = tcp_options(settings);
  options.unix_socket_dir = settings.unix_socket_dir;
  options.unix_socket_mode = settings.unix_socket_mode;
  options.unix_socket_group = settings.unix_socket_group;
  return options;
}

std::uint32_t worker_count(const Config& config) {
  if (config.uvbouncer.worker_threads > 0) return static_cast<std::uint32_t>(config.uvbouncer.worker_threads);
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return 1;
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&usable)));
}

std::size_t known_users(const Snapshot& snapshot) {
  std::set<std::string_view> names{"pgbouncer"};
  for (const auto& [name, secret] : *snapshot.users) names.insert(name);
  for (const auto& [name, user] : snapshot.config->users) names.insert(name);
  return names.size();
}

/// As PgBouncer reckons: full pools of every known user in every database, and the console's two.
void log_limits(const Snapshot& snapshot, Log& log) {
  const Config& config = *snapshot.config;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const long users = static_cast<long>(known_users(snapshot));
  long expected = config.settings.max_client_conn + 10 + 2;
  for (const auto& [name, database] : config.databases) {
    expected += std::max(0, effective_pool(config, database, "").pool_size) * (database.user ? 1 : users);
  }
  log.log(fmt::format("kernel file descriptor limit: {} (hard: {}); max_client_conn: {}, max expected fd use: {}",
                      limit.rlim_cur, limit.rlim_max, config.settings.max_client_conn, expected));
}

void serve(ProcessLog& log, std::shared_ptr<const Snapshot> snapshot, SnapshotBuilder builder,
           std::vector<ListenSocket> sockets, Control::Invocation invocation) {
  const Config& config = *snapshot->config;
  const std::uint32_t count = worker_count(config);
  SharedState shared;
  const auto statements = std::make_shared<StatementRegistry>();
  const VariableTable variables(split_commas(config.settings.track_extra_parameters));
  Ledger ledger(count, [&shared] { return shared.next_connection(); });
  Control control(log, snapshot, std::move(builder), ledger, shared, invocation);
  CryptoThreads crypto(std::max<std::size_t>(2, count));
  WorkerCommons commons{ledger, shared, *statements, variables, log, control, crypto, {}};
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::uint32_t index = 0; index < count; ++index) {
    workers.push_back(std::make_unique<Worker>(WorkerId{index}, commons, snapshot));
    commons.workers.push_back(workers.back().get());
  }
  // Secrets that RELOAD takes away must not live on here.
  snapshot.reset();
  control.set_workers(commons.workers);
  for (const auto& worker : workers) worker->start();
  control.listen(std::move(sockets));
  log.log(fmt::format("process up: {}, libuv {}, adns: getaddrinfo, tls: {}", kVersionLine, libuv_version(),
                      OpenSSL_version(OPENSSL_VERSION)));
  control.run();
  for (const auto& worker : workers) worker->post_call([](Worker& one) { one.stop(); });
  for (const auto& worker : workers) worker->join();
  crypto.stop();
}

void run(const CommandLine& line, ProcessLog& log) {
  log.set_verbose(line.verbose);
  std::shared_ptr<const Config> config = load(line, log);
  const Settings& settings = config->settings;
  log.set_verbose(settings.verbose);
  SnapshotBuilder builder(log, random_secret());
  const std::optional<std::string>& user = line.user ? line.user : settings.user;
  const bool switches = user && !user->empty();
  // Nothing may be logged to the file before the switch: it would belong to the wrong user.
  if (!switches) log.set_targets(log_targets(settings, !line.quiet));
  auto snapshot = builder.build(config, nullptr);
  if (switches) require(switch_user(*user));
  require(refuse_root());
  log.set_targets(log_targets(settings, !line.quiet));
  require(log.open());
  if (!snapshot) {
    log.error(snapshot.error().message);
    throw StartFailure{"TLS setup failed"};
  }
  for (const std::string& warning : config->warnings) log.warning(warning);
  if (switches) warn_of_reload(builder, config, **snapshot, log);
  const ListenOptions listen = listen_options(settings);
  require(check_unix_socket_free(listen));
  if (line.daemon && settings.pidfile.empty()) throw StartFailure{"daemon needs pidfile configured"};
  if (!settings.pidfile.empty()) require(check_pidfile(settings.pidfile, log));
  const bool to_stderr = !line.quiet && !line.daemon;
  if (line.daemon) {
    log.stop_stderr();
    require(daemonize());
  }
  log_limits(**snapshot, log);
  auto sockets = open_listen_sockets(listen, log);
  if (!sockets) throw StartFailure{sockets.error().message};
  PidFile pidfile;
  if (!settings.pidfile.empty()) {
    auto written = PidFile::write(settings.pidfile);
    if (!written) throw StartFailure{written.error().message};
    pidfile = std::move(written).value();
  }
  config.reset();  // as the snapshot: serve() is the only owner from here
  serve(log, std::move(*snapshot), std::move(builder), std::move(sockets).value(), {to_stderr, line.verbose});
}

}  // namespace
}  // namespace uvb

int main(int argc, char** argv) {
  using namespace uvb;
  const std::vector<std::string_view> arguments(argv, argv + argc);
  const CommandLineResult parsed = parse_command_line(arguments, library_lines());
  if (const auto* exit_now = std::get_if<ExitAtOnce>(&parsed)) {
    std::fputs(exit_now->text.c_str(), exit_now->status == 0 ? stdout : stderr);
    return exit_now->status;
  }
  const CommandLine& line = std::get<CommandLine>(parsed);
  keep_record_memory();
  std::signal(SIGPIPE, SIG_IGN);
  LogTargets targets;
  targets.to_stderr = !line.quiet;
  ProcessLog log(targets);
  try {
    run(line, log);
  } catch (const StartFailure& failure) {
    log.write(LogLevel::fatal, failure.message);
    return 1;
  } catch (const std::exception& failure) {
    log.write(LogLevel::fatal, failure.what());
    return 1;
  }
  return 0;
}
