#include "session/plain_answer.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/frame.h"
#include "protocol/message_builder.h"
#include "session/statements.h"

namespace uvb {
namespace {

using namespace std::string_literals;

constexpr std::uint32_t kNoLimit = 1U << 30;

std::string message(char type, const std::string& body = {}) {
  Buffer out;
  MessageBuilder(out, type).raw(as_bytes(body));
  return std::string(as_text(out.view()));
}

std::string tag(const std::string& words) { return message('C', words + "\0"s); }
const std::string kReady = message('Z', "I");
const std::string kRow = message('D', "\0\1\0\0\0\1x"s);
const std::string kRows = message('T', "\0\0"s) + kRow + kRow;

Outstanding queue_of(std::initializer_list<RequestKind> kinds) {
  Outstanding queue;
  for (const RequestKind kind : kinds) queue.push(kind);
  return queue;
}

std::optional<char> plain(const std::string& bytes, const Outstanding& queue) {
  return plain_answer(as_bytes(bytes), queue, kNoLimit);
}

const auto kOneQuery = {RequestKind::query};
const auto kExtended = {RequestKind::parse, RequestKind::bind, RequestKind::describe, RequestKind::execute,
                        RequestKind::sync};

TEST(PlainAnswer, AQuerysRowsAreOne) {
  EXPECT_EQ(plain(kRows + tag("SELECT 2") + kReady, queue_of(kOneQuery)), 'I');
  EXPECT_EQ(plain(tag("BEGIN") + message('Z', "T"), queue_of(kOneQuery)), 'T');
  EXPECT_EQ(plain(tag("ROLLBACK") + message('Z', "E"), queue_of(kOneQuery)), 'E');
  EXPECT_EQ(plain(tag("SET") + kRows + tag("SELECT 2") + kReady, queue_of(kOneQuery)), 'I') << "two commands";
}

TEST(PlainAnswer, ThoseOfAPipelineAreOne) {
  const std::string answer = message('1') + message('2') + kRows + tag("SELECT 2") + kReady;
  EXPECT_EQ(plain(answer, queue_of(kExtended)), 'I');
  const Outstanding twice = queue_of({RequestKind::bind, RequestKind::execute, RequestKind::bind, RequestKind::execute,
                                      RequestKind::close, RequestKind::sync});
  const std::string once = message('2') + kRow + tag("SELECT 1");
  EXPECT_EQ(plain(once + once + message('3') + kReady, twice), 'I');
  EXPECT_EQ(plain(message('t', "\0\0"s) + message('n') + kReady, queue_of({RequestKind::describe, RequestKind::sync})),
            'I');
}

TEST(PlainAnswer, WhatIsNotAllThereIsNone) {
  const std::string answer = message('1') + message('2') + kRows + tag("SELECT 2") + kReady;
  for (std::size_t size = 0; size < answer.size(); ++size) {
    EXPECT_FALSE(plain(answer.substr(0, size), queue_of(kExtended))) << size;
  }
  EXPECT_FALSE(plain(answer + kRow, queue_of(kExtended)));
  EXPECT_FALSE(plain(answer + kReady, queue_of(kExtended)));
}

TEST(PlainAnswer, WhatIsStillOwedBehindItMakesItNone) {
  const std::string answer = tag("SELECT 2") + kReady;
  EXPECT_FALSE(plain(answer, queue_of({RequestKind::query, RequestKind::query})));
  EXPECT_FALSE(plain(answer, queue_of({RequestKind::query, RequestKind::sync})));
  EXPECT_FALSE(plain(answer, queue_of({RequestKind::execute, RequestKind::copy_end, RequestKind::sync})));
  EXPECT_FALSE(plain(answer, queue_of({})));
}

TEST(PlainAnswer, WhatThePoolerLooksAtMakesItNone) {
  for (const char type : {'E', 'N', 'S', 'A', 'G', 'H', 'W', 'V', 'v', 'c', 'd', 's', 'I', 'R', 'K', '?'}) {
    EXPECT_FALSE(plain(message(type, "x\0"s) + tag("SELECT 1") + kReady, queue_of(kOneQuery))) << type;
  }
  EXPECT_FALSE(plain(tag("DISCARD ALL") + kReady, queue_of(kOneQuery)));
  EXPECT_FALSE(plain(tag("DEALLOCATE ALL") + kReady, queue_of(kOneQuery)));
  EXPECT_FALSE(plain(tag("SELECT 1") + message('Z', "X"), queue_of(kOneQuery)));
  EXPECT_FALSE(plain(tag("SELECT 1") + message('Z', "II"), queue_of(kOneQuery)));
}

TEST(PlainAnswer, AnswersInAnotherOrderAreNone) {
  EXPECT_FALSE(plain(message('2') + message('1') + tag("SELECT 0") + kReady, queue_of(kExtended)));
  EXPECT_FALSE(plain(message('1') + message('2') + tag("SELECT 0") + kReady, queue_of(kExtended))) << "no 'T'";
}

TEST(PlainAnswer, RequestsOfThePoolersOwnAndOfStatementsMakeItNone) {
  const auto statement = std::make_shared<const Statement>(1, "select 1\0"s, 8);
  const std::string answer = message('1') + kReady;
  for (const Request& first : {Request{RequestKind::parse, Disposition::swallow, nullptr},
                               Request{RequestKind::parse, Disposition::synthesise, nullptr},
                               Request{RequestKind::parse, Disposition::forward, statement}}) {
    Outstanding queue;
    queue.push(first);
    queue.push(RequestKind::sync);
    EXPECT_FALSE(plain(answer, queue));
  }
  Outstanding gives_up;
  gives_up.push({.kind = RequestKind::query, .statement = nullptr, .gives_up_all = true});
  EXPECT_FALSE(plain(tag("SELECT 1") + kReady, gives_up));
  EXPECT_EQ(plain(answer, queue_of({RequestKind::parse, RequestKind::sync})), 'I') << "the client's own";
}

TEST(PlainAnswer, AfterAnErrorThereIsNone) {
  Outstanding queue = queue_of({RequestKind::bind, RequestKind::sync});
  queue.error_seen();
  EXPECT_FALSE(plain(message('2') + kReady, queue));
}

TEST(PlainAnswer, LongOnesAndSuchAsBreakTheLimitAreNone) {
  const std::string row = message('D', std::string(1000, 'x'));
  EXPECT_EQ(plain(row + tag("SELECT 1") + kReady, queue_of(kOneQuery)), 'I');
  EXPECT_FALSE(plain(row + row + row + row + row + tag("SELECT 1") + kReady, queue_of(kOneQuery)));
  EXPECT_FALSE(plain_answer(as_bytes(row + tag("SELECT 1") + kReady), queue_of(kOneQuery), 1000));
}

/// One message at a time, as the relay does it where there is no short way.
bool answered_one_by_one(const std::string& bytes, Outstanding& queue) {
  for (std::size_t at = 0; at < bytes.size();) {
    MessageHead head;
    if (read_head(as_bytes(bytes).subspan(at), kNoLimit, head) != HeadStatus::ok) return false;
    std::vector<Request> dropped;
    switch (head.type) {
      case '1': queue.answered(RequestKind::parse); break;
      case '2': queue.answered(RequestKind::bind); break;
      case '3': queue.answered(RequestKind::close); break;
      case 'T':
      case 'n': queue.answered(RequestKind::describe); break;
      case 'C': queue.answered(RequestKind::execute); break;
      case 'Z':
        if (!queue.ready_for_query(dropped) || !dropped.empty()) return false;
        break;
      default: break;
    }
    at += head.size;
  }
  return queue.empty();
}

TEST(PlainAnswer, WhatIsOneIsAnsweredOneByOneJustSo) {
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases in every run
  const auto pick = [&](auto& from) {
    return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
  };
  const std::vector<RequestKind> kinds{RequestKind::parse,   RequestKind::bind, RequestKind::describe,
                                       RequestKind::execute, RequestKind::sync, RequestKind::query,
                                       RequestKind::close};
  const std::vector<std::string> answers{
      message('1'), message('2'), message('3'), message('n'),    message('T', "\0\0"s),
      kRow,         kReady,       message('t'), tag("SELECT 1"), message('Z', "T")};
  int found = 0;
  for (int round = 0; round < 300000; ++round) {
    Outstanding queue;
    for (std::size_t count = std::uniform_int_distribution<std::size_t>(1, 3)(random); count > 0; --count) {
      queue.push(pick(kinds));
    }
    std::string bytes;
    for (std::size_t count = std::uniform_int_distribution<std::size_t>(1, 4)(random); count > 0; --count) {
      bytes += pick(answers);
    }
    if (!plain(bytes, queue)) continue;
    ++found;
    EXPECT_TRUE(answered_one_by_one(bytes, queue)) << testing::PrintToString(bytes);
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace uvb
