#include "session/auth_kinds.h"

#include <gtest/gtest.h>

namespace uvb {
namespace {

using Turn = AuthKinds::Turn;

const TimePoint kStart{std::chrono::hours(1)};
constexpr Micros kMoment{1};

TEST(AuthKinds, UserOfWhomNothingIsKnownIsTakenForTheLastOne) {
  AuthKinds kinds;
  EXPECT_EQ(kinds.of("alice"), ServerAuthKind::unknown);
  kinds.learn("alice", ServerAuthKind::cleartext);
  EXPECT_EQ(kinds.of("bob"), ServerAuthKind::cleartext);
  kinds.learn("carol", ServerAuthKind::scram);
  EXPECT_EQ(kinds.of("bob"), ServerAuthKind::scram);
}

TEST(AuthKinds, UserKeepsWhatItWasAskedItself) {
  AuthKinds kinds;
  kinds.learn("alice", ServerAuthKind::cleartext);
  kinds.learn("bob", ServerAuthKind::trust);
  EXPECT_EQ(kinds.of("alice"), ServerAuthKind::cleartext);
  kinds.learn("alice", ServerAuthKind::scram);
  EXPECT_EQ(kinds.of("alice"), ServerAuthKind::scram);
}

TEST(AuthKinds, ForgetsAllTogether) {
  AuthKinds kinds;
  kinds.learn("alice", ServerAuthKind::cleartext);
  kinds.forget();
  EXPECT_EQ(kinds.of("alice"), ServerAuthKind::unknown);
  EXPECT_EQ(kinds.of("bob"), ServerAuthKind::unknown);
}

TEST(AuthKinds, OneAsksWhileTheOthersWait) {
  AuthKinds kinds;
  EXPECT_EQ(kinds.turn(kStart), Turn::ask);
  EXPECT_EQ(kinds.turn(kStart), Turn::wait);
}

TEST(AuthKinds, NobodyWaitsForASilentServerForLong) {
  AuthKinds kinds;
  EXPECT_EQ(kinds.turn(kStart), Turn::ask);
  EXPECT_EQ(kinds.turn(kStart + AuthKinds::kPatience - kMoment), Turn::wait);
  EXPECT_EQ(kinds.turn(kStart + AuthKinds::kPatience), Turn::go_on);
}

TEST(AuthKinds, AfterNoAnswerThereIsAPauseBeforeTheNextQuestion) {
  AuthKinds kinds;
  EXPECT_EQ(kinds.turn(kStart), Turn::ask);
  kinds.answered(kStart);
  EXPECT_EQ(kinds.turn(kStart), Turn::go_on);
  EXPECT_EQ(kinds.turn(kStart + AuthKinds::kPause - kMoment), Turn::go_on);
  EXPECT_EQ(kinds.turn(kStart + AuthKinds::kPause), Turn::ask);
}

}  // namespace
}  // namespace uvb
