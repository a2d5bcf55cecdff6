#include "base/tcp_options.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/unique_fd.h"

namespace uvb {
namespace {

int option_of(const UniqueFd& fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd.get(), level, name, &value, &size), 0);
  return value;
}

UniqueFd tcp_socket() { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

TEST(TuneSocket, AlwaysTurnsNagleOffAndKeepaliveOnByDefault) {
  const UniqueFd fd = tcp_socket();
  ASSERT_TRUE(tune_socket(fd.get(), {}).ok());
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
}

TEST(TuneSocket, AppliesEverySetting) {
  const UniqueFd fd = tcp_socket();
  ASSERT_TRUE(tune_socket(fd.get(), {.keepalive = true,
                                     .keepcnt = 3,
                                     .keepidle = 40,
                                     .keepintvl = 7,
                                     .socket_buffer = 32768,
                                     .user_timeout_ms = 12345})
                  .ok());
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 40);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
  // Linux answers with twice what was asked for.
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_SNDBUF), 65536);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_RCVBUF), 65536);
}

TEST(TuneSocket, TakesKeepaliveAwayAndThenIgnoresItsTimes) {
  const UniqueFd fd = tcp_socket();
  const int idle = option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE);
  ASSERT_TRUE(tune_socket(fd.get(), {}).ok());
  ASSERT_TRUE(tune_socket(fd.get(), {.keepalive = false, .keepidle = idle + 1}).ok());
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), idle);
}

TEST(TuneSocket, NamesTheOptionThatFailed) {
  const UniqueFd fd = tcp_socket();
  const Status tuned = tune_socket(fd.get(), {.keepcnt = 100'000});
  ASSERT_FALSE(tuned.ok());
  EXPECT_EQ(tuned.error().message,
            "setsockopt(TCP_KEEPCNT, " + std::to_string(fd.get()) + ") failed: Invalid argument");
}

}  // namespace
}  // namespace uvb
