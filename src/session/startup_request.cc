#include "session/startup_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/list.h"
#include "protocol/startup.h"

namespace uvb {

namespace {

constexpr std::string_view kOptions = "options";

bool is_prefix_of(std::string_view text, std::string_view word) {
  return !text.empty() && text.size() <= word.size() && same_ignoring_case(text, word.substr(0, text.size()));
}

/// PostgreSQL's booleans: words and their unique beginnings. What cannot be read is false: a normal connection.
bool is_true(std::string_view text) {
  if (text == "1" || is_prefix_of(text, "true") || is_prefix_of(text, "yes")) return true;
  return text.size() >= 2 && is_prefix_of(text, "on");
}

Replication read_replication(std::string_view value) {
  if (value == "database") return Replication::logical;
  return is_true(value) ? Replication::physical : Replication::none;
}

class RequestReader {
 public:
  RequestReader(const VariableTable& table, std::string_view ignored) : table_(table), ignored_(ignored) {}

  StartupRequest read(ByteView body) {
    const StartupParameters parameters = parse_startup(body);
    for (const StartupParameter& parameter : parameters.list) {
      if (parameter.key == "replication") request_.replication = read_replication(parameter.value);
    }
    for (const StartupParameter& parameter : parameters.list) take(parameter);
    if (request_.error.empty() && !parameters.well_formed) request_.error = kBadStartupLayoutText;
    if (request_.error.empty() && request_.user.empty()) request_.error = "no username supplied";
    if (request_.database.empty()) request_.database = request_.user;
    return std::move(request_);
  }

 private:
  void take(const StartupParameter& parameter) {
    const auto [key, value] = parameter;
    if (!request_.error.empty() || key == "replication") return;
    if (key == "database") {
      request_.database = value;
    } else if (key == "user") {
      request_.user = value;
    } else if (key == kOptions) {
      if (request_.replication == Replication::none) take_options(value);
    } else if (key == "application_name") {
      request_.variables.set(VariableTable::kApplicationName, value);
    } else if (key.starts_with("_pq_.")) {
      request_.extensions.emplace_back(key);
    } else {
      take_variable(key, value, "unsupported startup parameter", key);
    }
  }

  void take_variable(std::string_view name, std::string_view value, std::string_view text,
                     std::string_view ignored_as) {
    if (const auto index = table_.find(name)) {
      request_.variables.set(*index, value);
      return;
    }
    if (list_contains(ignored_, name) || list_contains(ignored_, ignored_as) || !request_.refusal.empty()) return;
    request_.refusal = fmt::format("{}: {}", text, name);
    request_.refused_parameter = fmt::format("{}: {}={}", text, name, value);
  }

  void take_options(std::string_view text) {
    const StartupOptions options = parse_startup_options(text);
    for (const StartupOption& option : options.list) {
      take_variable(option.name, option.value, "unsupported startup parameter in options", kOptions);
      if (option.name == "statement_timeout" && !option.value.empty() &&
          std::all_of(option.value.begin(), option.value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        // The only spelling QuestDB reads: one blank after -c, digits to the end (questdb.md 10).
        request_.questdb_options = "-c statement_timeout=" + option.value;
      }
    }
    // A refusal and not an error: QuestDB takes any text.
    if (!options.well_formed && request_.refusal.empty()) request_.refusal = kBadOptionsText;
  }

  const VariableTable& table_;
  std::string_view ignored_;
  StartupRequest request_;
};

}  // namespace

StartupRequest read_startup_request(ByteView body, const VariableTable& table, std::string_view ignored) {
  return RequestReader(table, ignored).read(body);
}

}  // namespace uvb
