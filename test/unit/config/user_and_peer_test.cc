#include <gtest/gtest.h>

#include "config/peer.h"
#include "config/user.h"

namespace uvb {
namespace {

using std::chrono::seconds;

std::string user_error(std::string_view text) {
  const auto user = parse_user("bob", text);
  return user ? "" : user.error().message;
}

std::string peer_error(std::string_view id, std::string_view text) {
  const auto peer = parse_peer(id, text);
  return peer ? "" : peer.error().message;
}

TEST(User, EveryKeyIsTaken) {
  const auto user =
      parse_user("bob",
                 "pool_mode=transaction pool_size=1 reserve_pool_size=2 max_user_connections=3 query_timeout=4"
                 " idle_transaction_timeout=5 transaction_timeout=6 query_wait_timeout=7"
                 " client_idle_timeout=8 max_user_client_connections=9");
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->name, "bob");
  EXPECT_EQ(user->pool_mode, PoolMode::transaction);
  EXPECT_EQ(user->pool_size, 1);
  EXPECT_EQ(user->reserve_pool_size, 2);
  EXPECT_EQ(user->max_user_connections, 3);
  EXPECT_EQ(user->query_timeout, seconds(4));
  EXPECT_EQ(user->idle_transaction_timeout, seconds(5));
  EXPECT_EQ(user->transaction_timeout, seconds(6));
  EXPECT_EQ(user->query_wait_timeout, Micros(seconds(7)));
  EXPECT_EQ(user->client_idle_timeout, seconds(8));
  EXPECT_EQ(user->max_user_client_connections, 9);
}

TEST(User, FractionsAreCutToWholeSeconds) {
  const auto user = parse_user("bob", "query_timeout=0.5 query_wait_timeout=-1");
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->query_timeout, Micros::zero());
  EXPECT_EQ(user->query_wait_timeout, std::nullopt);
}

TEST(User, ErrorsBeginWithPgBouncersSentences) {
  EXPECT_EQ(user_error("min_pool_size=1"), "unrecognized user parameter: min_pool_size");
  EXPECT_EQ(user_error("server_lifetime=1"), "unrecognized user parameter: server_lifetime");
  EXPECT_EQ(user_error("reserve_pool=1"), "unrecognized user parameter: reserve_pool");
  EXPECT_EQ(user_error("pool_mode=x"), "invalid pool mode: x");
  EXPECT_TRUE(user_error("pool_mode").starts_with("syntax error in user settings"));
}

TEST(User, NameIsCutTo127Bytes) { EXPECT_EQ(parse_user(std::string(200, 'x'), "")->name.size(), 127U); }

TEST(Peer, DefaultPortIsOurs) {
  const auto peer = parse_peer("3", "host=/run/peer3");
  ASSERT_TRUE(peer.ok());
  EXPECT_EQ(peer->id, 3);
  EXPECT_EQ(peer->host, "/run/peer3");
  EXPECT_EQ(peer->port, 6432);
  EXPECT_EQ(peer->pool_size, -1);
}

TEST(Peer, IdsAreOneTo65535) {
  const std::string refusal = "ids of peers must be a number larger than 0 and at most 65536";
  EXPECT_EQ(peer_error("0", "host=x"), refusal);
  EXPECT_EQ(peer_error("65536", "host=x"), refusal);
  EXPECT_EQ(peer_error("99999999999", "host=x"), refusal);
  EXPECT_EQ(peer_error("one", "host=x"), refusal);
  EXPECT_EQ(peer_error("1a", "host=x"), refusal);
  EXPECT_EQ(peer_error("", "host=x"), refusal);
  EXPECT_EQ(peer_error("65535", "host=x"), "");
}

TEST(Peer, ErrorsBeginWithPgBouncersSentences) {
  EXPECT_EQ(peer_error("7", "port=1"), "host was not provided for peer 7");
  EXPECT_EQ(peer_error("7", "host=x port=x"), "invalid port: x");
  EXPECT_EQ(peer_error("7", "host=x user=y"), "unrecognized connection parameter: user");
  EXPECT_TRUE(peer_error("7", "host").starts_with("syntax error in connection string"));
}

}  // namespace
}  // namespace uvb
