#include <algorithm>
#include <string>
#include <string_view>

#include "admin/console_access.h"
#include "admin/show_table.h"
#include "base/console_name.h"

namespace uvb {
namespace {

// --- names -----------------------------------------------------------------------------------------------------------

/// The same counter has a name of its own in each command (admin-console.md 2.16).
struct CounterRow {
  std::uint64_t Counters::*member;
  std::string_view stats_total;
  std::string_view stats_average;
  std::string_view totals;    ///< SHOW STATS_TOTALS
  std::string_view averages;  ///< SHOW STATS_AVERAGES
  std::string_view sum_total;
  std::string_view sum_average;
};

// client_login_count is not in release 1.25.2, and exporters refuse columns they do not know.
constexpr std::array<CounterRow, 11> kCounters = {{
    {&Counters::server_assignment_count, "total_server_assignment_count", "avg_server_assignment_count",
     "server_assignment_count", "server_assignment_count", "total_server_assignment_count",
     "avg_server_assignment_count"},
    {&Counters::xact_count, "total_xact_count", "avg_xact_count", "xact_count", "xact_count", "total_xact_count",
     "avg_xact_count"},
    {&Counters::query_count, "total_query_count", "avg_query_count", "query_count", "query_count", "total_query_count",
     "avg_query_count"},
    {&Counters::received, "total_received", "avg_recv", "bytes_received", "bytes_received", "total_client_bytes",
     "avg_client_bytes"},
    {&Counters::sent, "total_sent", "avg_sent", "bytes_sent", "bytes_sent", "total_server_bytes", "avg_server_bytes"},
    {&Counters::xact_time, "total_xact_time", "avg_xact_time", "xact_time", "xact_time", "total_xact_time",
     "avg_xact_time"},
    {&Counters::query_time, "total_query_time", "avg_query_time", "query_time", "query_time", "total_query_time",
     "avg_query_time"},
    {&Counters::wait_time, "total_wait_time", "avg_wait_time", "wait_time", "wait_time", "total_wait_time",
     "avg_wait_time"},
    {&Counters::client_parse_count, "total_client_parse_count", "avg_client_parse_count", "client_parse_count",
     "avg_client_parse_count", "total_ps_client_parse_count", "avg_ps_client_parse_count"},
    {&Counters::server_parse_count, "total_server_parse_count", "avg_server_parse_count", "server_parse_count",
     "avg_server_parse_count", "total_ps_server_parse_count", "avg_ps_server_parse_count"},
    {&Counters::bind_count, "total_bind_count", "avg_bind_count", "bind_count", "avg_bind_count", "total_ps_bind_count",
     "avg_ps_bind_count"},
}};

using Name = std::string_view CounterRow::*;

/// `database`, then one numeric column for each counter and each kind of name.
template <std::size_t Kinds>
constexpr auto database_columns(const std::array<Name, Kinds>& kinds) {
  std::array<ConsoleColumn, 1 + Kinds * kCounters.size()> columns;
  std::size_t at = 0;
  columns[at++] = {"database", ColumnType::text};
  for (const Name kind : kinds) {
    for (const CounterRow& row : kCounters) columns[at++] = {row.*kind, ColumnType::numeric};
  }
  return columns;
}

constexpr auto kStatsColumns = database_columns(std::array{&CounterRow::stats_total, &CounterRow::stats_average});
constexpr auto kTotalsColumns = database_columns(std::array{&CounterRow::totals});
constexpr auto kAveragesColumns = database_columns(std::array{&CounterRow::averages});
constexpr std::array<ConsoleColumn, 2> kSumColumns = {{{"name"}, {"value", ColumnType::numeric}}};

// --- numbers ---------------------------------------------------------------------------------------------------------

Counters total_of(std::span<const PoolCounters> pools) {
  Counters total;
  for (const PoolCounters& pool : pools) total += pool.counters;
  return total;
}

/// All pools by database name; the console always has one.
std::vector<PoolCounters> pools_by_database(const Census& census) {
  std::vector<PoolCounters> pools = census.counters;
  pools.push_back({std::string(kConsoleName), std::string(kConsoleName), {}});
  std::stable_sort(pools.begin(), pools.end(),
                   [](const PoolCounters& left, const PoolCounters& right) { return left.database < right.database; });
  return pools;
}

void append_cells(ConsoleRow& row, const Counters& counters) {
  for (const CounterRow& counter : kCounters) row.push_back(count_cell(counters.*counter.member));
}

/// One row for each database, filled by `fill(row, pools of the database)`.
template <class Fill>
std::vector<ConsoleRow> database_rows(const ShowContext& context, Fill&& fill) {
  const auto pools = pools_by_database(context.census);
  std::vector<ConsoleRow> rows;
  for (auto first = pools.begin(); first != pools.end();) {
    const auto last =
        std::find_if(first, pools.end(), [&](const auto& pool) { return pool.database != first->database; });
    rows.push_back({text_cell(first->database)});
    fill(rows.back(), std::span<const PoolCounters>(first, last));
    first = last;
  }
  return rows;
}

// --- rows ------------------------------------------------------------------------------------------------------------

std::vector<ConsoleRow> stats_rows(const ShowContext& context) {
  return database_rows(context, [&](ConsoleRow& row, std::span<const PoolCounters> pools) {
    append_cells(row, total_of(pools));
    append_cells(row, context.host.stats().averages(pools, context.now));
  });
}

std::vector<ConsoleRow> totals_rows(const ShowContext& context) {
  return database_rows(
      context, [](ConsoleRow& row, std::span<const PoolCounters> pools) { append_cells(row, total_of(pools)); });
}

std::vector<ConsoleRow> averages_rows(const ShowContext& context) {
  return database_rows(context, [&](ConsoleRow& row, std::span<const PoolCounters> pools) {
    append_cells(row, context.host.stats().averages(pools, context.now));
  });
}

std::vector<ConsoleRow> sum_rows(const ShowContext& context) {
  const auto& pools = context.census.counters;
  const Counters totals = total_of(pools);
  const Counters averages = context.host.stats().averages(pools, context.now);
  std::vector<ConsoleRow> rows;
  for (const CounterRow& row : kCounters) rows.push_back({text_cell(row.sum_total), count_cell(totals.*row.member)});
  for (const CounterRow& row : kCounters)
    rows.push_back({text_cell(row.sum_average), count_cell(averages.*row.member)});
  return rows;
}

}  // namespace

constinit const ShowTable kShowStats{kStatsColumns, stats_rows};
constinit const ShowTable kShowStatsTotals{kTotalsColumns, totals_rows};
constinit const ShowTable kShowStatsAverages{kAveragesColumns, averages_rows};
constinit const ShowTable kShowTotals{kSumColumns, sum_rows};

}  // namespace uvb
