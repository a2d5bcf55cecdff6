#include "stats/averages.h"

#include <fmt/format.h>

namespace uvb {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;

// In two parts, since amount * kSecond may not fit.
std::uint64_t per_second(std::uint64_t amount, std::uint64_t micros) {
  return amount / micros * kSecond + amount % micros * kSecond / micros;
}

std::uint64_t each(std::uint64_t total, std::uint64_t count) { return count == 0 ? 0 : total / count; }

}  // namespace

Counters averages_of(const Counters& happened, Micros duration) noexcept {
  if (duration <= Micros::zero()) return {};
  Counters averages;
  const auto micros = static_cast<std::uint64_t>(duration.count());
  for (const auto member : kCounterMembers) averages.*member = per_second(happened.*member, micros);
  averages.xact_time = each(happened.xact_time, happened.xact_count);
  averages.query_time = each(happened.query_time, happened.query_count);
  averages.wait_time = each(happened.wait_time, happened.server_assignment_count);
  return averages;
}

std::string stats_line(const Counters& averages) {
  return fmt::format(
      "stats: {} xacts/s, {} queries/s, {} client parses/s, {} server parses/s, {} binds/s, in {} B/s, out {} B/s,"
      " xact {} us, query {} us, wait {} us",
      averages.xact_count, averages.query_count, averages.client_parse_count, averages.server_parse_count,
      averages.bind_count, averages.received, averages.sent, averages.xact_time, averages.query_time,
      averages.wait_time);
}

}  // namespace uvb
