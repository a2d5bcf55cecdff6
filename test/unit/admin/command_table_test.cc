#include "admin/command_table.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

TEST(CommandTable, ColumnsAreKnownWithoutRunning) {
  EXPECT_EQ(describe_command("show version").size(), 1U);
  EXPECT_EQ(describe_command("SELECT stats_totals;").size(), 12U);
  EXPECT_EQ(describe_command("SHOW timezone").size(), 1U);
  EXPECT_EQ(describe_command("SELECT 1").size(), 1U);
  for (const char* text : {"SHOW HELP", "PAUSE", "BEGIN", "nonsense", "SHOW foo", "SET x = 1", "", "SHOW"}) {
    EXPECT_TRUE(describe_command(text).empty()) << text;
  }
}

TEST(CommandTable, HelpIsThatOfRelease125) {
  EXPECT_EQ(help_text(),
            "\n\tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION"
            "\n\tSHOW PEERS|PEER_POOLS"
            "\n\tSHOW FDS|SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE"
            "\n\tSHOW DNS_HOSTS|DNS_ZONES"
            "\n\tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS"
            "\n\tSET key = arg"
            "\n\tRELOAD"
            "\n\tPAUSE [<db>]"
            "\n\tRESUME [<db>]"
            "\n\tDISABLE <db>"
            "\n\tENABLE <db>"
            "\n\tRECONNECT [<db>]"
            "\n\tKILL [<db>]"
            "\n\tKILL_CLIENT <client_id>"
            "\n\tSUSPEND"
            "\n\tSHUTDOWN"
            "\n\tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS"
            "\n\tWAIT_CLOSE [<db>]");
}

}  // namespace
}  // namespace uvb
