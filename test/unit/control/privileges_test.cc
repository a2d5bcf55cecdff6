#include "control/privileges.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <string>

#include "fakes/child.h"

namespace uvb {
namespace {

TEST(SwitchUser, SaysWhenThereIsNoSuchUser) {
  const Status switched = switch_user("no-such-user-here");
  ASSERT_FALSE(switched.ok());
  EXPECT_EQ(switched.error().message, "could not find user 'no-such-user-here' to switch to");
}

TEST(SwitchUser, ToTheCurrentUserSucceeds) {
  const passwd* self = ::getpwuid(::getuid());
  ASSERT_NE(self, nullptr);
  const std::string name = self->pw_name;
  EXPECT_EQ(run_in_child([&] { return switch_user(name).ok() ? 0 : 1; }), 0);
}

TEST(SwitchUser, TakesUserGroupAndGroupListAsRoot) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can become another user";
  const passwd* nobody = ::getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  const uid_t user = nobody->pw_uid;
  const gid_t group = nobody->pw_gid;
  EXPECT_EQ(run_in_child([&] {
              if (!switch_user("nobody").ok()) return 1;
              if (::getuid() != user || ::geteuid() != user) return 2;
              if (::getgid() != group || ::getegid() != group) return 3;
              gid_t list[64];
              if (::getgroups(64, list) != 1 || list[0] != group) return 4;
              return ::setuid(0) == 0 ? 5 : 0;
            }),
            0);
}

TEST(SwitchUser, FailsInWordsWhenNotAllowed) {
  EXPECT_EQ(
      run_in_child([] {
        if (::getuid() == 0 && !switch_user("nobody").ok()) return 1;
        const Status switched = switch_user("root");
        if (switched.ok()) return 2;
        return switched.error().message == "failed to assume identity of user 'root': Operation not permitted" ? 0 : 3;
      }),
      0);
}

TEST(RefuseRoot, RefusesTheRealUserIdZeroOnly) {
  EXPECT_EQ(run_in_child([] {
              if (::getuid() == 0) {
                const Status refused = refuse_root();
                if (refused.ok() || refused.error().message != "PgBouncer should not run as root") return 1;
                if (!switch_user("nobody").ok()) return 2;
              }
              return refuse_root().ok() ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace uvb
