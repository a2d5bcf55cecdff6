#include "session/outstanding.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "session/statements.h"

namespace uvb {
namespace {

Request forwarded(RequestKind kind) { return {kind, Disposition::forward, nullptr}; }

Outstanding queue_of(std::initializer_list<RequestKind> kinds) {
  Outstanding queue;
  for (const RequestKind kind : kinds) queue.push(forwarded(kind));
  return queue;
}

bool ready(Outstanding& queue) {
  std::vector<Request> dropped;
  return queue.ready_for_query(dropped);
}

TEST(Outstanding, AnswersAreTakenInTheOrderOfTheRequests) {
  Outstanding queue = queue_of({RequestKind::parse, RequestKind::bind, RequestKind::execute, RequestKind::sync});
  EXPECT_FALSE(queue.answered(RequestKind::bind));
  EXPECT_TRUE(queue.answered(RequestKind::parse));
  EXPECT_TRUE(queue.answered(RequestKind::bind));
  EXPECT_TRUE(queue.answered(RequestKind::execute));
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
}

TEST(Outstanding, ABindMayBeAnsweredAheadOfTheDescribeInFrontOfIt) {
  Outstanding queue = queue_of({RequestKind::describe, RequestKind::bind, RequestKind::execute});
  queue.push({RequestKind::close, Disposition::synthesise, nullptr});
  queue.push(forwarded(RequestKind::sync));
  EXPECT_FALSE(queue.answered(RequestKind::execute));
  EXPECT_TRUE(queue.answered(RequestKind::bind));
  EXPECT_TRUE(queue.answered(RequestKind::describe));
  EXPECT_TRUE(queue.answered(RequestKind::execute));
  EXPECT_TRUE(queue.take_synthesised());
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
}

TEST(Outstanding, ADescribeOfTheNextBatchIsNotOvertaken) {
  Outstanding queue = queue_of({RequestKind::describe, RequestKind::sync, RequestKind::bind});
  EXPECT_FALSE(queue.answered(RequestKind::bind));
  EXPECT_EQ(queue.size(), 3U);
}

TEST(Outstanding, CommandCompleteInsideAQueryEndsNothing) {
  Outstanding queue = queue_of({RequestKind::query});
  EXPECT_FALSE(queue.answered(RequestKind::execute));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(ready(queue));
}

TEST(Outstanding, ReadyForQueryThatNobodyAskedForIsRefused) {
  Outstanding queue;
  EXPECT_FALSE(ready(queue));
}

TEST(Outstanding, ErrorDropsThePipelineUpToItsSync) {
  Outstanding queue =
      queue_of({RequestKind::bind, RequestKind::execute, RequestKind::query, RequestKind::sync, RequestKind::query});
  std::vector<Request> dropped;
  EXPECT_TRUE(queue.ready_for_query(dropped));
  EXPECT_EQ(dropped.size(), 3U);
  ASSERT_NE(queue.front(), nullptr);
  EXPECT_EQ(queue.front()->kind, RequestKind::query);
  EXPECT_EQ(queue.size(), 1U);
}

class OutstandingStatements : public testing::Test {
 protected:
  void push(RequestKind kind, const StatementPtr& statement, bool known) {
    queue_.push({kind, Disposition::swallow, statement, known});
  }

  void sync() { queue_.push(RequestKind::sync); }

  /// The server skipped everything in front of the next Sync. Returns the statements left to what was known before.
  std::vector<Request> skipped() {
    std::vector<Request> dropped;
    EXPECT_TRUE(queue_.ready_for_query(dropped));
    std::erase_if(dropped, [](const Request& request) { return request.statement == nullptr; });
    return dropped;
  }

  Outstanding queue_;
  StatementPtr one_ = std::make_shared<const Statement>(1, std::string("select 1\0", 9), 8);
};

TEST_F(OutstandingStatements, ASkippedParseLeavesWhatWasKnownBefore) {
  for (const bool known : {false, true}) {
    push(RequestKind::parse, one_, known);
    sync();
    const std::vector<Request> left = skipped();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].statement, one_);
    EXPECT_EQ(left[0].known, known);
  }
}

TEST_F(OutstandingStatements, OfSkippedRequestsOnlyTheLastTellsOfTheirStatement) {
  push(RequestKind::close, one_, true);
  push(RequestKind::parse, one_, false);
  sync();
  const std::vector<Request> left = skipped();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_TRUE(left[0].known);
}

TEST_F(OutstandingStatements, SkippedRequestsLeaveAStatementToTheLaterOnesThatNameIt) {
  push(RequestKind::parse, one_, false);
  sync();
  push(RequestKind::close, one_, true);
  push(RequestKind::parse, one_, false);
  sync();
  EXPECT_TRUE(skipped().empty());
  const std::vector<Request> left = skipped();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_FALSE(left[0].known);
}

TEST_F(OutstandingStatements, AnAnswerChangesWhatSkippedRequestsLeave) {
  push(RequestKind::parse, one_, false);
  sync();
  push(RequestKind::close, one_, true);
  sync();
  EXPECT_TRUE(queue_.answered(RequestKind::parse));
  EXPECT_TRUE(skipped().empty());
  const std::vector<Request> left = skipped();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_TRUE(left[0].known);
}

TEST_F(OutstandingStatements, NothingIsKnownInFrontOfThemWhenAllStatementsAreGone) {
  queue_.push(RequestKind::query);
  push(RequestKind::close, one_, true);
  sync();
  queue_.statements_gone();
  EXPECT_TRUE(skipped().empty());
  const std::vector<Request> left = skipped();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_FALSE(left[0].known);
}

TEST_F(OutstandingStatements, MayBeGivenUpWhileARequestIsOnItsWayThatGivesUpAll) {
  EXPECT_FALSE(queue_.may_be_given_up(one_.get()));
  queue_.push({.kind = RequestKind::execute, .statement = nullptr, .gives_up_all = true});
  EXPECT_TRUE(queue_.may_be_given_up(one_.get()));
  EXPECT_TRUE(queue_.answered(RequestKind::execute));
  EXPECT_FALSE(queue_.may_be_given_up(one_.get()));
}

TEST_F(OutstandingStatements, IsNotGivenUpByARequestThatWasSkipped) {
  queue_.push({.kind = RequestKind::execute, .statement = nullptr, .gives_up_all = true});
  sync();
  skipped();
  EXPECT_FALSE(queue_.may_be_given_up(one_.get()));
}

TEST_F(OutstandingStatements, ParsedBehindARequestThatGivesUpAllItStays) {
  queue_.push({.kind = RequestKind::query, .statement = nullptr, .gives_up_all = true});
  push(RequestKind::parse, one_, true);
  EXPECT_FALSE(queue_.may_be_given_up(one_.get()));
  queue_.push({.kind = RequestKind::query, .statement = nullptr, .gives_up_all = true});
  EXPECT_TRUE(queue_.may_be_given_up(one_.get()));
}

TEST(Outstanding, S140_EndOfACopyLeavesItsQueryAndTheNextOne) {
  Outstanding queue = queue_of({RequestKind::query, RequestKind::copy_end, RequestKind::query});
  EXPECT_TRUE(queue.copy_finished(false));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_TRUE(ready(queue));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
}

TEST(Outstanding, SyncInFrontOfTheCopyDataIsIgnoredAsTheServerDoes) {
  Outstanding queue = queue_of({RequestKind::execute, RequestKind::sync, RequestKind::copy_end, RequestKind::sync});
  EXPECT_TRUE(queue.copy_finished(false));
  EXPECT_TRUE(queue.answered(RequestKind::execute));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
}

Outstanding failed_copy(std::initializer_list<RequestKind> kinds) {
  Outstanding queue = queue_of(kinds);
  queue.copy_finished(true);
  queue.error_seen();
  return queue;
}

TEST(Outstanding, FailedCopyMakesTheSyncsInsideItDoubtful) {
  Outstanding queue = failed_copy({RequestKind::execute, RequestKind::sync, RequestKind::copy_end, RequestKind::sync});
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.certain());
}

TEST(Outstanding, DoubtfulSyncCanBeAnsweredYet) {
  Outstanding queue = failed_copy({RequestKind::execute, RequestKind::sync, RequestKind::copy_end, RequestKind::sync});
  EXPECT_TRUE(ready(queue));
  queue.push(forwarded(RequestKind::query));
  EXPECT_TRUE(ready(queue));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(queue.certain());
}

TEST(Outstanding, NextAnswerShowsThatADoubtfulSyncWasIgnored) {
  Outstanding queue = failed_copy({RequestKind::execute, RequestKind::sync, RequestKind::copy_end, RequestKind::sync});
  EXPECT_TRUE(ready(queue));
  queue.push(forwarded(RequestKind::query));
  queue.answer_seen();
  EXPECT_TRUE(queue.certain());
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(ready(queue));
}

TEST(Outstanding, ErrorOfASimpleCopyIsFollowedByItsOwnReadyForQuery) {
  Outstanding queue = failed_copy({RequestKind::query, RequestKind::sync, RequestKind::copy_end, RequestKind::query});
  EXPECT_TRUE(ready(queue));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(ready(queue));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(queue.certain());
}

TEST(Outstanding, OnlySyncOfAFailedCopyIsTheOneThatIsAnswered) {
  Outstanding queue = failed_copy({RequestKind::execute, RequestKind::sync});
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.certain());
}

TEST(Outstanding, RequestsBehindADoubtfulSyncLeaveNothingToRelyOn) {
  Outstanding queue = failed_copy(
      {RequestKind::execute, RequestKind::sync, RequestKind::copy_end, RequestKind::parse, RequestKind::sync});
  EXPECT_TRUE(ready(queue));
  EXPECT_FALSE(queue.certain());
  queue.answer_seen();
  EXPECT_FALSE(queue.certain());
  EXPECT_TRUE(ready(queue));
}

TEST(Outstanding, ErrorWhileASyncIsInDoubtLeavesNothingToRelyOn) {
  Outstanding queue = failed_copy({RequestKind::execute, RequestKind::sync, RequestKind::copy_end, RequestKind::sync});
  EXPECT_TRUE(ready(queue));
  queue.push(forwarded(RequestKind::query));
  queue.error_seen();
  EXPECT_TRUE(ready(queue));
  EXPECT_FALSE(queue.certain());
}

TEST(Outstanding, CopyDoneOfACopyThatNobodyAskedForIsForgotten) {
  for (const bool failed : {false, true}) {
    Outstanding queue = queue_of({RequestKind::copy_end, RequestKind::sync, RequestKind::sync});
    EXPECT_TRUE(queue.copy_finished(failed));
    EXPECT_EQ(queue.size(), 2U);
  }
}

TEST(Outstanding, RequestsCanBeLookedAtInOrder) {
  Outstanding queue = queue_of({RequestKind::parse, RequestKind::sync});
  std::vector<RequestKind> kinds;
  queue.for_each([&](const Request& request) { kinds.push_back(request.kind); });
  EXPECT_EQ(kinds, (std::vector{RequestKind::parse, RequestKind::sync}));
}

TEST(Outstanding, S141_CopyDoneWithoutACopyHoldsNobodyUp) {
  Outstanding queue = queue_of({RequestKind::query, RequestKind::copy_end});
  EXPECT_TRUE(ready(queue));
  EXPECT_TRUE(queue.empty());
}

TEST(Outstanding, SynthesisedAnswersAreOnlyTakenFromTheHead) {
  Outstanding queue = queue_of({RequestKind::bind});
  queue.push({RequestKind::parse, Disposition::synthesise, nullptr});
  EXPECT_FALSE(queue.take_synthesised());
  EXPECT_FALSE(queue.only_synthesised());
  EXPECT_TRUE(queue.answered(RequestKind::bind));
  EXPECT_TRUE(queue.only_synthesised());
  EXPECT_TRUE(queue.take_synthesised());
  EXPECT_TRUE(queue.empty());
}

TEST(Outstanding, LongPipelinesKeepTheirOrder) {
  Outstanding queue;
  for (int round = 0; round < 1000; ++round) {
    queue.push(forwarded(RequestKind::query));
    queue.push(forwarded(RequestKind::sync));
    EXPECT_EQ(queue.front()->kind, round % 2 == 0 ? RequestKind::query : RequestKind::sync);
    EXPECT_TRUE(ready(queue));
  }
  EXPECT_EQ(queue.size(), 1000U);
}

}  // namespace
}  // namespace uvb
