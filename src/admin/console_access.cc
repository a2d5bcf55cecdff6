#include "admin/console_access.h"

#include "config/list.h"

namespace uvb {

ConsoleRole console_role(std::string_view user, std::string_view admin_users, std::string_view stats_users) {
  if (list_contains(admin_users, user)) return ConsoleRole::admin;
  if (list_contains(stats_users, user)) return ConsoleRole::stats;
  return ConsoleRole::none;
}

}  // namespace uvb
