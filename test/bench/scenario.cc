#include "scenario.h"

#include <algorithm>
#include <limits>

#include "wire.h"

namespace uvb::bench {
namespace {

constexpr unsigned kLoginsAtOnce = 32;
constexpr unsigned kStatements = 4;
constexpr std::string_view kSimpleSql = "SELECT abalance FROM accounts WHERE aid = 4711";
constexpr std::string_view kParameterSql = "SELECT abalance FROM accounts WHERE aid = $1";

std::string simple_query(std::string_view sql) {
  std::string message;
  MessageWriter(message).begin('Q').text(sql).end();
  return message;
}

std::string table_name(const LoadOptions& options) {
  return "bench_" + std::to_string(options.row_bytes) + "_" + std::to_string(options.rows);
}

std::string statement_name(unsigned number) { return "bench_statement_" + std::to_string(number); }

/// Bind, Describe, Execute, Sync, as libpq's PQexecParams and PQexecPrepared send them.
void append_execution(std::string& out, std::string_view statement) {
  MessageWriter writer(out);
  writer.begin('B').text("").text(statement).u16(0).u16(1).u32(4).bytes("4711").u16(1).u16(0).end();
  writer.begin('D').bytes("P").text("").end();
  writer.begin('E').text("").u32(0).end();
  writer.begin('S').end();
}

void append_parse(std::string& out, std::string_view name) {
  MessageWriter(out).begin('P').text(name).text(kParameterSql).u16(0).end();
}

std::chrono::nanoseconds interval(double per_second) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / per_second));
}

/// Small transactions, one statement each: as fast as they are answered, or at a fixed rate.
class QueryScenario final : public Scenario {
 public:
  QueryScenario(const LoadOptions& options, Meter& meter) : Scenario(options, meter) {
    if (options.mode == "simple") {
      requests_.push_back(simple_query(kSimpleSql));
    } else if (options.mode == "extended") {
      append_parse(requests_.emplace_back(), "");
      append_execution(requests_.back(), "");
    } else {
      for (unsigned i = 0; i < kStatements; ++i) append_execution(requests_.emplace_back(), statement_name(i));
    }
  }

  void on_begin() override {
    if (options_.rate > 0) return plan();
    driver_->for_each([this](Client& client) {
      if (start_unit()) issue(client, Clock::now());
      driver_->settle(client);
    });
  }

  /// Sends what is due. Latency counts from the moment a request was due, so that a stall is not hidden.
  Clock::time_point tick(Clock::time_point now) override {
    auto next = Clock::time_point::max();
    if (stopped()) return next;
    for (std::size_t i = 0; i < due_.size(); ++i) {
      if (!clients_[i]->idle()) continue;
      if (due_[i] <= now && start_unit()) {
        issue(*clients_[i], due_[i]);
        driver_->settle(*clients_[i]);
        due_[i] += step_;
      } else {
        next = std::min(next, due_[i]);
      }
    }
    return next;
  }

 private:
  void plan() {
    driver_->for_each([this](Client& client) { clients_.push_back(&client); });
    step_ = interval(options_.rate / options_.clients);
    const auto start = Clock::now();
    for (unsigned i = 0; i < options_.clients; ++i) due_.push_back(start + step_ * i / options_.clients);
  }

  void issue(Client& client, Clock::time_point due) {
    client.started_at = due;
    client.request(requests_[client.progress++ % requests_.size()]);
  }

  void on_reply(Client& client) override {
    const auto now = Clock::now();
    meter_.unit(now - client.started_at);
    if (due_.empty() && start_unit()) issue(client, now);
  }

  [[nodiscard]] std::string preparation() const override {
    std::string messages;
    if (options_.mode != "prepared") return messages;
    for (unsigned i = 0; i < kStatements; ++i) append_parse(messages, statement_name(i));
    append_message(messages, 'S');
    return messages;
  }

  std::vector<std::string> requests_;
  std::vector<Client*> clients_;
  std::vector<Clock::time_point> due_;
  std::chrono::nanoseconds step_{};
};

/// COPY ... TO STDOUT, over and over.
class CopyOutScenario final : public Scenario {
 public:
  CopyOutScenario(const LoadOptions& options, Meter& meter)
      : Scenario(options, meter), request_(simple_query("COPY " + table_name(options) + " TO STDOUT")) {}

  void on_begin() override {
    driver_->for_each([this](Client& client) {
      if (start_unit()) issue(client);
      driver_->settle(client);
    });
  }

 private:
  void issue(Client& client) {
    client.started_at = Clock::now();
    client.request(request_);
  }
  void on_reply(Client& client) override {
    meter_.unit(Clock::now() - client.started_at);
    if (start_unit()) issue(client);
  }

  std::string request_;
};

/// COPY ... FROM STDIN, over and over, in writes of about 64 KiB.
class CopyInScenario final : public Scenario {
 public:
  CopyInScenario(const LoadOptions& options, Meter& meter)
      : Scenario(options, meter), request_(simple_query("COPY bench FROM STDIN")) {
    std::string row(options.row_bytes, 'x');
    row.back() = '\n';
    while (chunk_.size() < 64 * 1024) {
      append_message(chunk_, 'd', row);
      ++rows_per_chunk_;
    }
  }

  void on_begin() override {
    driver_->for_each([this](Client& client) {
      if (start_unit()) issue(client);
      driver_->settle(client);
    });
  }

  void on_copy_in(Client& client) override { feed(client); }
  void on_drained(Client& client) override {
    if (running_ && !client.idle() && client.progress < options_.rows) feed(client);
  }
  void on_bytes(std::size_t) override {}

 private:
  void issue(Client& client) {
    client.progress = options_.rows;  // nothing to feed before the server asks
    client.started_at = Clock::now();
    client.request(request_);
    client.progress = 0;
  }

  /// Sends chunks until the socket takes no more; on_drained() goes on.
  void feed(Client& client) {
    while (client.progress < options_.rows && client.problem().empty()) {
      client.send(chunk_);
      client.progress += rows_per_chunk_;
      client.rows_sent += rows_per_chunk_;
      meter_.bytes += chunk_.size();
      if (client.channel().pending() > 0 && client.progress < options_.rows) return;
    }
    std::string done;
    append_message(done, 'c');
    client.send(done);
  }

  void on_reply(Client& client) override {
    meter_.unit(Clock::now() - client.started_at);
    if (start_unit()) issue(client);
  }

  std::string request_;
  std::string chunk_;
  std::uint64_t rows_per_chunk_ = 0;
};

/// Connect, log in, one query, leave: `clients` at a time, or at a fixed rate.
class ConnectScenario final : public Scenario {
 public:
  ConnectScenario(const LoadOptions& options, Meter& meter)
      : Scenario(options, meter), request_(simple_query(kSimpleSql)) {}

  void open() override {}
  [[nodiscard]] bool opened() const override { return true; }

  void on_begin() override { due_ = Clock::now(); }

  Clock::time_point tick(Clock::time_point now) override {
    if (!running_) return Clock::time_point::max();
    if (options_.rate <= 0) {
      while (driver_->clients() < options_.clients && driver_->problem().empty() && start_unit()) driver_->connect();
      return now + std::chrono::milliseconds(100);
    }
    while (due_ <= now && driver_->problem().empty()) {
      if (!start_unit()) return Clock::time_point::max();
      driver_->connect();
      // After a delay of our own we catch up gently: a burst of logins would be a different load.
      due_ = std::max(due_ + interval(options_.rate), now + interval(options_.rate) / 2);
    }
    return due_;
  }

  void on_ready(Client& client) override {
    if (client.progress++ == 0) return client.request(request_);
    meter_.unit(Clock::now() - client.connected_at());
    client.leave();
  }

 private:
  void on_reply(Client&) override {}

  std::string request_;
  Clock::time_point due_{};
};

/// One big result, read at a fixed pace.
class SlowScenario final : public Scenario {
 public:
  SlowScenario(const LoadOptions& options, Meter& meter) : Scenario(options, meter) {}

  void on_begin() override {
    start_ = Clock::now();
    driver_->for_each([this](Client& client) {
      driver_->set_reading(client, false);
      client.started_at = start_;
      client.request(simple_query("SELECT filler FROM " + table_name(options_)));
    });
  }

  Clock::time_point tick(Clock::time_point now) override {
    if (!running_ || ended()) return Clock::time_point::max();
    const auto allowed = std::chrono::duration<double>(now - start_).count() * options_.rate;
    driver_->for_each([&](Client& client) {
      while (static_cast<double>(read_) < allowed * options_.clients && !client.idle()) {
        const auto before = read_;
        if (!client.read_once(driver_->scratch().first(16 * 1024))) return driver_->settle(client);
        if (read_ == before) return;
      }
    });
    return now + std::chrono::milliseconds(2);
  }

  [[nodiscard]] bool ended() const override { return finished_ == options_.clients; }
  void on_bytes(std::size_t count) override {
    Scenario::on_bytes(count);
    if (running_) read_ += count;
  }

 private:
  void on_reply(Client& client) override {
    ++finished_;
    meter_.unit(Clock::now() - client.started_at);
  }

  Clock::time_point start_{};
  std::uint64_t read_ = 0;
  unsigned finished_ = 0;
};

/// Every client asks for one result at the same time.
class BurstScenario final : public Scenario {
 public:
  BurstScenario(const LoadOptions& options, Meter& meter)
      : Scenario(options, meter), request_(simple_query("SELECT filler FROM " + table_name(options))) {}

  void on_begin() override {
    driver_->for_each([this](Client& client) {
      client.started_at = Clock::now();
      client.request(request_);
      driver_->settle(client);
    });
  }

  [[nodiscard]] bool ended() const override { return finished_ == options_.clients; }

 private:
  void on_reply(Client& client) override {
    ++finished_;
    meter_.unit(Clock::now() - client.started_at);
  }

  std::string request_;
  unsigned finished_ = 0;
};

}  // namespace

void Meter::unit(Clock::duration latency) {
  if (!on) return;
  ++units;
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  latencies_ns.push_back(static_cast<std::uint32_t>(std::min(std::chrono::nanoseconds(latency).count(), kMost)));
}

void Scenario::open() {
  while (asked_ < options_.clients && asked_ - ready_ < kLoginsAtOnce && driver_->problem().empty()) {
    ++asked_;
    driver_->connect();
  }
}

void Scenario::on_ready(Client& client) {
  if (running_) return on_reply(client);
  const auto messages = preparation();
  if (!messages.empty() && client.progress++ == 0) return client.request(messages);
  ++ready_;
  open();
}

void Scenario::begin() {
  running_ = true;
  started_ = 0;
  on_begin();
}

bool Scenario::start_unit() {
  if (stopping_ || (options_.count > 0 && started_ == options_.count)) return false;
  ++started_;
  return true;
}

bool Scenario::quiet() {
  bool all = true;
  driver_->for_each([&](const Client& client) { all = all && client.idle(); });
  return all;
}

void Scenario::leave() {
  driver_->for_each([](Client& client) { client.leave(); });
}

std::unique_ptr<Scenario> make_scenario(const LoadOptions& options, Meter& meter) {
  const bool known_mode = options.mode == "simple" || options.mode == "extended" || options.mode == "prepared";
  if (options.kind == "query" && known_mode) return std::make_unique<QueryScenario>(options, meter);
  if (options.kind == "copy-out") return std::make_unique<CopyOutScenario>(options, meter);
  if (options.kind == "copy-in") return std::make_unique<CopyInScenario>(options, meter);
  if (options.kind == "connect") return std::make_unique<ConnectScenario>(options, meter);
  if (options.kind == "slow") return std::make_unique<SlowScenario>(options, meter);
  if (options.kind == "burst") return std::make_unique<BurstScenario>(options, meter);
  return nullptr;
}

}  // namespace uvb::bench
