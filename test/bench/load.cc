// The load generator of the benchmarks: one thread, any number of connections, results as lines of JSON.
// `load --help` lists the options; scenario.h explains them.

#include <signal.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "scenario.h"

namespace uvb::bench {
namespace {

constexpr auto kLoginLimit = std::chrono::seconds(60);
constexpr auto kEndLimit = std::chrono::seconds(120);

struct Settings {
  LoadOptions load;
  Endpoint endpoint;
  bool tls = false;
};

/// CPU time, user and system, of all threads of a process, in nanoseconds.
std::int64_t process_cpu_ns(int pid) {
  clockid_t clock{};
  timespec now{};
  if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &now) != 0) return 0;
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

template <class Number>
bool read_value(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_value(std::string_view text, std::string& value) {
  value = text;
  return true;
}

/// Reads a value into a field of one of the parts of Settings.
template <auto part, auto field>
bool set(Settings& settings, std::string_view text) {
  return read_value(text, settings.*part.*field);
}

struct Option {
  std::string_view name;
  std::string_view help;
  bool (*set)(Settings&, std::string_view);
};

constexpr std::array kOptions = {
    Option{"--address", "IPv4 address of the pooler", set<&Settings::endpoint, &Endpoint::address>},
    Option{"--port", "its port", set<&Settings::endpoint, &Endpoint::port>},
    Option{"--database", "database name", set<&Settings::endpoint, &Endpoint::database>},
    Option{"--user", "user name", set<&Settings::endpoint, &Endpoint::user>},
    Option{"--password", "password, for SCRAM", set<&Settings::endpoint, &Endpoint::password>},
    Option{"--kind", "query, copy-out, copy-in, connect, slow, burst", set<&Settings::load, &LoadOptions::kind>},
    Option{"--mode", "simple, extended, prepared", set<&Settings::load, &LoadOptions::mode>},
    Option{"--clients", "connections", set<&Settings::load, &LoadOptions::clients>},
    Option{"--rate", "units (slow: bytes) per second", set<&Settings::load, &LoadOptions::rate>},
    Option{"--seconds", "length of the window", set<&Settings::load, &LoadOptions::seconds>},
    Option{"--warmup", "seconds before it", set<&Settings::load, &LoadOptions::warmup>},
    Option{"--count", "units instead of seconds", set<&Settings::load, &LoadOptions::count>},
    Option{"--row-bytes", "bytes in a row", set<&Settings::load, &LoadOptions::row_bytes>},
    Option{"--rows", "rows in a result or COPY", set<&Settings::load, &LoadOptions::rows>},
    Option{"--watch-pid", "process whose CPU time counts", set<&Settings::load, &LoadOptions::watch_pid>},
};

int usage(const char* program) {
  std::fprintf(stderr, "usage: %s [--tls] [--step] [OPTION VALUE]...\n", program);
  for (const auto& option : kOptions) {
    std::fprintf(stderr, "  %-12.*s %.*s\n", static_cast<int>(option.name.size()), option.name.data(),
                 static_cast<int>(option.help.size()), option.help.data());
  }
  return 2;
}

bool read_options(int argc, char** argv, Settings& settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--tls" || name == "--step") {
      (name == "--tls" ? settings.tls : settings.load.step) = true;
      continue;
    }
    const auto option = std::ranges::find(kOptions, name, &Option::name);
    if (option == kOptions.end() || ++i == argc || !option->set(settings, argv[i])) return false;
  }
  return settings.load.clients > 0 && settings.load.row_bytes > 0;
}

double percentile_us(const std::vector<std::uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(last * share)] / 1e3;
}

/// Goes through the phases: open, begin, warm up, measure, stop, leave.
class Run {
 public:
  Run(const Settings& settings, Scenario& scenario, Meter& meter)
      : options_(settings.load), scenario_(scenario), meter_(meter), driver_(settings.endpoint, scenario) {
    scenario_.attach(driver_);
  }

  int go() {
    scenario_.open();
    run_for(kLoginLimit, [this] { return scenario_.opened(); });
    if (!scenario_.opened()) return failed("logging in");
    note_connection();
    announce("ready");
    if (!options_.step) {
      measure();
    } else {
      while (driver_.problem().empty() && next_line() == "go") measure();
    }
    if (!driver_.problem().empty()) return failed("under load");
    return finish();
  }

 private:
  void run_for(std::chrono::duration<double> time, const std::function<bool()>& done) {
    driver_.run(Clock::now() + std::chrono::duration_cast<Clock::duration>(time), done,
                [this](Clock::time_point now) { return scenario_.tick(now); });
  }

  /// A fixed amount of work: the window begins at once and lasts until it is done.
  [[nodiscard]] bool ends_by_itself() const {
    return options_.count > 0 || options_.kind == "slow" || options_.kind == "burst";
  }

  /// One window. Between windows nothing is read, so that the pooler under test soon stands still.
  void measure() {
    if (!ends_by_itself()) {
      begin();
      run_for(std::chrono::duration<double>(options_.warmup), [] { return false; });
    }
    meter_ = {};
    meter_.on = true;
    meter_.latencies_ns.reserve(1 << 20);
    const auto cpu_before = process_cpu_ns(options_.watch_pid);
    const auto start = Clock::now();
    begin();
    const std::chrono::duration<double> limit =
        ends_by_itself() ? std::chrono::duration<double>(kEndLimit) : std::chrono::duration<double>(options_.seconds);
    run_for(limit, [this] { return scenario_.ended() || (options_.count > 0 && meter_.units >= options_.count); });
    const std::chrono::duration<double> wall = Clock::now() - start;
    const auto cpu = process_cpu_ns(options_.watch_pid) - cpu_before;
    meter_.on = false;
    if (driver_.problem().empty()) print_result(wall.count(), static_cast<double>(cpu) / 1e9);
  }

  void begin() {
    if (!begun_ || options_.count > 0) scenario_.begin();
    begun_ = true;
  }

  void print_result(double wall, double cpu) {
    auto& latencies = meter_.latencies_ns;
    std::ranges::sort(latencies);
    std::printf(
        "{\"event\":\"result\",\"seconds\":%.6f,\"units\":%llu,\"bytes\":%llu,\"cpu_seconds\":%.9f,"
        "\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"connection\":\"%s\"}\n",
        wall, static_cast<unsigned long long>(meter_.units), static_cast<unsigned long long>(meter_.bytes), cpu,
        percentile_us(latencies, 0.5), percentile_us(latencies, 0.99), percentile_us(latencies, 1),
        connection_.c_str());
    std::fflush(stdout);
  }

  int finish() {
    scenario_.stop();
    run_for(kEndLimit, [this] { return scenario_.quiet(); });
    if (!driver_.problem().empty()) return failed("finishing");
    scenario_.leave();
    announce("left");
    if (options_.step) next_line();
    return 0;
  }

  void note_connection() {
    driver_.for_each([this](const Client& client) { connection_ = client.channel().description(); });
  }

  static void announce(const char* event) {
    std::printf("{\"event\":\"%s\"}\n", event);
    std::fflush(stdout);
  }

  static std::string next_line() {
    std::string line;
    for (int c = std::getchar(); c != '\n' && c != EOF; c = std::getchar()) line.push_back(static_cast<char>(c));
    return line;
  }

  int failed(const char* when) const {
    std::fprintf(stderr, "load: failed %s: %s\n", when,
                 driver_.problem().empty() ? "time limit reached" : driver_.problem().c_str());
    return 1;
  }

  const LoadOptions& options_;
  Scenario& scenario_;
  Meter& meter_;
  Driver driver_;
  std::string connection_;
  bool begun_ = false;
};

}  // namespace
}  // namespace uvb::bench

int main(int argc, char** argv) {
  using namespace uvb::bench;
  Settings settings;
  Meter meter;
  if (!read_options(argc, argv, settings)) return usage(argv[0]);
  const auto scenario = make_scenario(settings.load, meter);
  if (!scenario) return usage(argv[0]);
  signal(SIGPIPE, SIG_IGN);
  const SslContext context = settings.tls ? make_tls_context() : nullptr;
  settings.endpoint.tls = context.get();
  return Run(settings, *scenario, meter).go();
}
