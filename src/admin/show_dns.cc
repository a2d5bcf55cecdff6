#include "admin/show_table.h"

namespace uvb {
namespace {

constexpr std::array<ConsoleColumn, 3> kHostColumns = {{{"hostname"}, {"ttl", ColumnType::int8}, {"addrs"}}};
constexpr std::array<ConsoleColumn, 3> kZoneColumns = {
    {{"zonename"}, {"serial", ColumnType::int8}, {"count", ColumnType::int4}}};

// Names are looked up when a server is needed; nothing is kept that could be shown.
std::vector<ConsoleRow> no_rows(const ShowContext&) { return {}; }

}  // namespace

constinit const ShowTable kShowDnsHosts{kHostColumns, no_rows};
constinit const ShowTable kShowDnsZones{kZoneColumns, no_rows};

}  // namespace uvb
