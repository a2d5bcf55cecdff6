#include "control/privileges.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace uvb {
namespace {

struct Account {
  uid_t user;
  gid_t group;
};

std::optional<Account> find_account(const std::string& name) {
  std::vector<char> memory(1024);
  passwd entry{};
  passwd* found = nullptr;
  while (::getpwnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found) == ERANGE) {
    memory.resize(memory.size() * 2);
  }
  if (found == nullptr) return std::nullopt;
  return Account{entry.pw_uid, entry.pw_gid};
}

Error failed(std::string_view what) { return Error{fmt::format("{}: {}", what, std::strerror(errno))}; }

}  // namespace

Status switch_user(const std::string& name) {
  const std::optional<Account> account = find_account(name);
  if (!account) return Error{fmt::format("could not find user '{}' to switch to", name)};
  if (::getuid() == 0 && ::setgroups(1, &account->group) != 0) return failed("failed to reset groups");
  if (::setgid(account->group) != 0 || ::setuid(account->user) != 0) {
    return failed(fmt::format("failed to assume identity of user '{}'", name));
  }
  return Done{};
}

Status refuse_root() {
  if (::getuid() == 0) return Error{"PgBouncer should not run as root"};
  return Done{};
}

}  // namespace uvb
