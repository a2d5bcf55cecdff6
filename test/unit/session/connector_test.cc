#include "session/connector.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace uvb {
namespace {

SocketAddress address_of(const char* text) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    address.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    address.size = sizeof *v6;
  }
  return address;
}

TEST(Connector, KnowsTheAddressesThatDoNotLeaveTheMachine) {
  for (const char* near : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(address_of(near))) << near;
  for (const char* far : {"10.0.0.1", "128.0.0.1", "::2", "::ffff:10.0.0.127", "fe80::1"}) {
    EXPECT_FALSE(is_loopback(address_of(far))) << far;
  }
  EXPECT_TRUE(is_loopback(unix_address("/tmp", 5432)));
}

}  // namespace
}  // namespace uvb
