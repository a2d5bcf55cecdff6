#include "admin/show_table.h"

namespace uvb {
namespace {

constexpr std::array<ConsoleColumn, 15> kColumns = {{{"fd", ColumnType::int4},
                                                     {"task"},
                                                     {"user"},
                                                     {"database"},
                                                     {"addr"},
                                                     {"port", ColumnType::int4},
                                                     {"cancel", ColumnType::int8},
                                                     {"link", ColumnType::int4},
                                                     {"client_encoding"},
                                                     {"std_strings"},
                                                     {"datestyle"},
                                                     {"timezone"},
                                                     {"password"},
                                                     {"scram_client_key", ColumnType::bytea},
                                                     {"scram_server_key", ColumnType::bytea}}};

}  // namespace

// No rows function: handing descriptors over belongs to the online restart, which this version does not do.
constinit const ShowTable kShowFds{kColumns, nullptr};

}  // namespace uvb
