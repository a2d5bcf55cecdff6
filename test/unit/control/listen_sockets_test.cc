#include "control/listen_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "fakes/child.h"
#include "fakes/memory_log.h"
#include "fakes/temp_dir.h"

namespace uvb {
namespace {

namespace fs = std::filesystem;
using Sockets = std::vector<ListenSocket>;

ListenOptions tcp_only(const std::string& addresses, int port = 0) {
  ListenOptions options;
  options.listen_addr = addresses;
  options.listen_port = port;
  options.unix_socket_dir = "";
  return options;
}

ListenOptions unix_only(const std::string& directory) {
  ListenOptions options;
  options.unix_socket_dir = directory;
  return options;
}

int port_of(const ListenSocket& socket) {
  const std::string& address = socket.address();
  return std::stoi(address.substr(address.rfind(':') + 1));
}

int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

bool connects_to_tcp(int port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool connects_to_abstract(const std::string& name) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
}

TEST(ListenSockets, AcceptOnTcpAndSayWhere) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only("127.0.0.1"), log);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  ASSERT_EQ(sockets->size(), 1U);
  const ListenSocket& socket = sockets->front();
  EXPECT_EQ(socket.address(), "127.0.0.1:" + std::to_string(port_of(socket)));
  EXPECT_TRUE(log.contains(LogLevel::log, "listening on " + socket.address()));
  EXPECT_FALSE(socket.is_unix());
  EXPECT_TRUE(connects_to_tcp(port_of(socket)));
}

TEST(ListenSockets, AreNonBlockingAndCloseOnExec) {
  const TempDir dir;
  ListenOptions options = tcp_only("127.0.0.1");
  options.unix_socket_dir = dir.path();
  MemoryLog log;
  const auto sockets = open_listen_sockets(options, log);
  ASSERT_TRUE(sockets.ok());
  ASSERT_EQ(sockets->size(), 2U);
  for (const ListenSocket& socket : *sockets) {
    EXPECT_TRUE(::fcntl(socket.descriptor(), F_GETFL) & O_NONBLOCK) << socket.address();
    EXPECT_TRUE(::fcntl(socket.descriptor(), F_GETFD) & FD_CLOEXEC) << socket.address();
  }
}

TEST(ListenSockets, TrimBlanksAndIgnoreEmptyItems) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only(" 127.0.0.1 ,, 127.0.0.2,"), log);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  EXPECT_EQ(sockets->size(), 2U);
}

TEST(ListenSockets, BindIpv6OnlyToIpv6) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only("::1"), log);
  if (!sockets.ok()) GTEST_SKIP() << "this machine has no IPv6: " << sockets.error().message;
  EXPECT_TRUE(sockets->front().address().starts_with("[::1]:"));
  EXPECT_EQ(option_of(sockets->front().descriptor(), IPPROTO_IPV6, IPV6_V6ONLY), 1);
}

TEST(ListenSockets, ListenEverywhereForAStar) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only("*"), log);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  const bool v4 = log.contains(LogLevel::log, "listening on 0.0.0.0:");
  EXPECT_TRUE(v4);
  for (const ListenSocket& socket : *sockets) {
    EXPECT_TRUE(socket.address().starts_with("0.0.0.0:") || socket.address().starts_with("[::]:")) << socket.address();
  }
}

TEST(ListenSockets, CarryTheSettingsToTheKernel) {
  ListenOptions options = tcp_only("127.0.0.1");
  options.so_reuseport = true;
  options.tcp.keepidle = 77;
  MemoryLog log;
  const auto sockets = open_listen_sockets(options, log);
  ASSERT_TRUE(sockets.ok());
  const int fd = sockets->front().descriptor();
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_REUSEADDR), 1);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_REUSEPORT), 1);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 77);
  EXPECT_GT(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
}

TEST(ListenSockets, LetTwoProcessesShareThePortWithReuseport) {
  MemoryLog log;
  ListenOptions options = tcp_only("127.0.0.1");
  options.so_reuseport = true;
  const auto first = open_listen_sockets(options, log);
  ASSERT_TRUE(first.ok());
  options.listen_port = port_of(first->front());
  EXPECT_TRUE(open_listen_sockets(options, log).ok());
}

TEST(ListenSockets, SwitchDeferAcceptAtRunTime) {
  ListenOptions options = tcp_only("127.0.0.1");
  options.tcp_defer_accept = false;
  MemoryLog log;
  const auto sockets = open_listen_sockets(options, log);
  ASSERT_TRUE(sockets.ok());
  const int fd = sockets->front().descriptor();
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
  set_defer_accept(sockets->front(), true, log);
  EXPECT_GT(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
  set_defer_accept(sockets->front(), false, log);
  EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
}

TEST(ListenSockets, WarnOfOneBadAddressAndGoOn) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only("192.0.2.1,127.0.0.1", 0), log);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  EXPECT_EQ(sockets->size(), 1U);
  EXPECT_TRUE(log.contains(LogLevel::warning, "cannot listen on 192.0.2.1:0: bind(): Cannot assign requested address"));
}

TEST(ListenSockets, FailWhenNoAddressCanBeBound) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only("192.0.2.1"), log);
  ASSERT_FALSE(sockets.ok());
  EXPECT_EQ(sockets.error().message, "failed to listen on any address in listen_addr list: 192.0.2.1");
}

TEST(ListenSockets, FailWhenAnAddressDoesNotResolve) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only("127.0.0.1,256.1.1.1.invalid.", 6432), log);
  ASSERT_FALSE(sockets.ok());
  EXPECT_TRUE(sockets.error().message.starts_with("getaddrinfo('256.1.1.1.invalid.', '6432') = "))
      << sockets.error().message;
}

TEST(ListenSockets, FailWithNowhereToListen) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(tcp_only(""), log);
  ASSERT_FALSE(sockets.ok());
  EXPECT_EQ(sockets.error().message, "nowhere to listen on");
}

TEST(ListenSockets, PutTheUnixSocketIntoItsDirectoryAndTakeItAwayAgain) {
  const TempDir dir;
  MemoryLog log;
  const std::string path = dir.file(".s.PGSQL.6432");
  {
    const auto sockets = open_listen_sockets(unix_only(dir.path()), log);
    ASSERT_TRUE(sockets.ok()) << sockets.error().message;
    EXPECT_TRUE(sockets->front().is_unix());
    EXPECT_EQ(sockets->front().address(), "unix:" + path);
    EXPECT_TRUE(fs::is_socket(path));
    EXPECT_TRUE(log.contains(LogLevel::log, "listening on unix:" + path));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(ListenSockets, LeaveTheUnixSocketToTheProcessThatMadeIt) {
  const TempDir dir;
  MemoryLog log;
  auto sockets = open_listen_sockets(unix_only(dir.path()), log);
  ASSERT_TRUE(sockets.ok());
  EXPECT_EQ(run_in_child([&] {
              Sockets inherited = std::move(sockets).value();
              inherited.clear();
              return 0;
            }),
            0);
  EXPECT_TRUE(fs::is_socket(dir.file(".s.PGSQL.6432")));
}

TEST(ListenSockets, GiveTheUnixSocketItsModeAndGroup) {
  const TempDir dir;
  ListenOptions options = unix_only(dir.path());
  options.unix_socket_mode = 0750;
  options.unix_socket_group = std::to_string(::getgid());
  MemoryLog log;
  const auto sockets = open_listen_sockets(options, log);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(dir.file(".s.PGSQL.6432").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0750U);
  EXPECT_EQ(info.st_gid, ::getgid());
}

TEST(ListenSockets, FindTheGroupByName) {
  const TempDir dir;
  const group* own = ::getgrgid(::getgid());
  ASSERT_NE(own, nullptr);
  ListenOptions options = unix_only(dir.path());
  options.unix_socket_group = own->gr_name;
  MemoryLog log;
  EXPECT_TRUE(open_listen_sockets(options, log).ok());
}

TEST(ListenSockets, FailForAnUnknownGroup) {
  const TempDir dir;
  ListenOptions options = unix_only(dir.path());
  options.unix_socket_group = "no-such-group-here";
  MemoryLog log;
  const auto sockets = open_listen_sockets(options, log);
  ASSERT_FALSE(sockets.ok());
  EXPECT_EQ(sockets.error().message, "failed to create unix socket");
  EXPECT_TRUE(log.contains(LogLevel::error, "could not find group 'no-such-group-here': "));
  EXPECT_FALSE(fs::exists(dir.file(".s.PGSQL.6432")));
}

TEST(ListenSockets, FailWhenTheUnixSocketCannotBeMade) {
  MemoryLog log;
  const auto sockets = open_listen_sockets(unix_only("/nonexistent-directory"), log);
  ASSERT_FALSE(sockets.ok());
  EXPECT_EQ(sockets.error().message, "failed to create unix socket");
  EXPECT_TRUE(
      log.contains(LogLevel::error,
                   "cannot listen on unix:/nonexistent-directory/.s.PGSQL.6432: bind(): No such file or directory"));
}

TEST(ListenSockets, FailForAPathLongerThanTheKernelTakes) {
  MemoryLog log;
  EXPECT_FALSE(open_listen_sockets(unix_only("/tmp/" + std::string(200, 'x')), log).ok());
  EXPECT_TRUE(log.contains(LogLevel::error, "the path is too long for a Unix socket"));
}

TEST(ListenSockets, RespectTheLockFileOfAServer) {
  const TempDir dir;
  write_text(dir.file(".s.PGSQL.6432.lock"), "1\n");
  MemoryLog log;
  const auto sockets = open_listen_sockets(unix_only(dir.path()), log);
  ASSERT_FALSE(sockets.ok());
  EXPECT_EQ(sockets.error().message, "unix port 6432 is in use");
}

TEST(ListenSockets, SeeALivingOneInTheWay) {
  const TempDir dir;
  const ListenOptions options = unix_only(dir.path());
  MemoryLog log;
  EXPECT_TRUE(check_unix_socket_free(options).ok());
  const auto sockets = open_listen_sockets(options, log);
  ASSERT_TRUE(sockets.ok());
  const Status in_use = check_unix_socket_free(options);
  ASSERT_FALSE(in_use.ok());
  EXPECT_EQ(in_use.error().message, "unix socket is in use, cannot continue");
}

TEST(ListenSockets, ReplaceTheUnixSocketOfACrashedProcess) {
  const TempDir dir;
  const ListenOptions options = unix_only(dir.path());
  MemoryLog log;
  ASSERT_EQ(run_in_child([&] {
              const auto sockets = open_listen_sockets(options, log);
              ::_exit(sockets.ok() ? 0 : 1);  // without destructors, as a crash
              return 1;
            }),
            0);
  ASSERT_TRUE(fs::is_socket(dir.file(".s.PGSQL.6432")));
  EXPECT_TRUE(check_unix_socket_free(options).ok());
  EXPECT_TRUE(open_listen_sockets(options, log).ok());
}

TEST(ListenSockets, UseTheAbstractNamespaceForAnAt) {
  const std::string name = "uvb-test-" + std::to_string(::getpid());
  MemoryLog log;
  const auto sockets = open_listen_sockets(unix_only("@" + name), log);
  ASSERT_TRUE(sockets.ok()) << sockets.error().message;
  EXPECT_EQ(sockets->front().address(), "unix:@" + name + "/.s.PGSQL.6432");
  EXPECT_TRUE(connects_to_abstract(name + "/.s.PGSQL.6432"));
  EXPECT_FALSE(check_unix_socket_free(unix_only("@" + name)).ok());
}

TEST(UnixSocketPath, IsMadeOfDirectoryAndPort) {
  EXPECT_EQ(unix_socket_path("/tmp", 6432), "/tmp/.s.PGSQL.6432");
  EXPECT_EQ(unix_socket_path("", 6432), "");
}

}  // namespace
}  // namespace uvb
