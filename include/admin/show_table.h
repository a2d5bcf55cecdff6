#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/census.h"
#include "admin/console_host.h"
#include "admin/console_reply.h"
#include "base/clock.h"
#include "base/ids.h"

namespace uvb {

/// What rows are made from: one moment's view of the process.
struct ShowContext {
  const ConsoleHost& host;
  const Config& config;
  const Census& census;
  TimePoint now;
  WallTime wall;
  ConnectionId session;  ///< who asks
};

/// A SHOW's result set (admin-console.md 2): its columns, known without running it, and its rows.
struct ShowTable {
  std::span<const ConsoleColumn> columns;
  std::vector<ConsoleRow> (*rows)(const ShowContext&);
};

/// A column together with how its cell is read from what a row stands for.
template <class Item>
struct Field {
  std::string_view name;
  ColumnType type;
  Cell (*cell)(const Item&);
};

template <class Item, std::size_t N>
constexpr std::array<ConsoleColumn, N> columns_of(const std::array<Field<Item>, N>& fields) {
  std::array<ConsoleColumn, N> columns;
  for (std::size_t i = 0; i < N; ++i) columns[i] = {fields[i].name, fields[i].type};
  return columns;
}

template <class Item>
ConsoleRow row_of(std::span<const Field<Item>> fields, const Item& item) {
  ConsoleRow row;
  row.reserve(fields.size());
  for (const Field<Item>& field : fields) row.push_back(field.cell(item));
  return row;
}

template <class Item, std::size_t N, class Items>
std::vector<ConsoleRow> rows_of(const std::array<Field<Item>, N>& fields, const Items& items) {
  std::vector<ConsoleRow> rows;
  rows.reserve(items.size());
  for (const Item& item : items) rows.push_back(row_of(std::span<const Field<Item>>(fields), item));
  return rows;
}

// Cells.
[[nodiscard]] Cell text_cell(std::string_view text);
[[nodiscard]] Cell int_cell(std::int64_t value);     ///< int4 columns: printed as 32-bit signed
[[nodiscard]] Cell count_cell(std::uint64_t value);  ///< int8 and numeric columns: unsigned
/// `YYYY-MM-DD HH:MM:SS TZ` in the process's time zone.
[[nodiscard]] Cell time_cell(WallTime time);
/// `0x` and lower-case hex; 0 is the empty string.
[[nodiscard]] Cell pointer_cell(std::uint64_t pointer);

extern const ShowTable kShowVersion;
extern const ShowTable kShowState;
extern const ShowTable kShowDatabases;
extern const ShowTable kShowPools;
extern const ShowTable kShowPeers;
extern const ShowTable kShowPeerPools;
extern const ShowTable kShowLists;
extern const ShowTable kShowUsers;
extern const ShowTable kShowClients;
extern const ShowTable kShowServers;
extern const ShowTable kShowSockets;
extern const ShowTable kShowActiveSockets;
extern const ShowTable kShowConfig;
extern const ShowTable kShowMem;
extern const ShowTable kShowFds;
extern const ShowTable kShowDnsHosts;
extern const ShowTable kShowDnsZones;
extern const ShowTable kShowStats;
extern const ShowTable kShowStatsTotals;
extern const ShowTable kShowStatsAverages;
extern const ShowTable kShowTotals;

}  // namespace uvb
