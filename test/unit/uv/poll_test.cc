#include "uv/poll.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "fakes/loop_runner.h"
#include "uv/turn_hook.h"

namespace uvb {
namespace {

void connect(UniqueFd& near, UniqueFd& far) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
  near = UniqueFd(pair[0]);
  far = UniqueFd(pair[1]);
}

/// Reads once whenever it is told to, at most `most` bytes.
class Reader final : public PollListener {
 public:
  Reader(Loop& loop, int descriptor) : poll(loop, descriptor, *this, {.readable = true}), descriptor_(descriptor) {}

  void on_ready(Readiness ready, bool error) noexcept override {
    ++reports;
    errors += error ? 1 : 0;
    if (tell) tell();
    hangup = hangup || ready.hangup;
    if (reports <= deaf_until) return;
    if (only_claims) return poll.was_read(false);
    std::array<char, 64> bytes{};
    const ssize_t count = ::recv(descriptor_, bytes.data(), most, MSG_DONTWAIT);
    if (count > 0) text.append(bytes.data(), static_cast<std::size_t>(count));
    ended = ended || count == 0;
    if (ended) return poll.watch({});
    poll.was_read(count == static_cast<ssize_t>(most));
  }

  Poll poll;
  std::size_t most = 64;
  int reports = 0;
  int errors = 0;
  int deaf_until = 0;        ///< the number of the last report that it does not react to
  bool only_claims = false;  ///< says that it read everything
  bool hangup = false;
  bool ended = false;
  std::string text;
  std::function<void()> tell;

 private:
  int descriptor_;
};

class PollTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connect(near_, far_);
    reader_.emplace(loop_, near_.get());
  }

  void say(std::string_view text) {
    ASSERT_EQ(::send(far_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  bool heard(std::string_view text) {
    return run_until(loop_, [&] { return reader_->text == text; });
  }
  /// Long enough that the reader, who left nothing, is watched by edges.
  void converse() {
    for (int round = 0; round < 40; ++round) {
      reader_->text.clear();
      say("hello");
      ASSERT_TRUE(heard("hello"));
    }
    reader_->text.clear();
    reader_->reports = 0;
  }
  void run_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    run_until(loop_, [&] { return std::chrono::steady_clock::now() > end; });
  }

  Loop loop_;
  UniqueFd near_;
  UniqueFd far_;
  std::optional<Reader> reader_;
};

/// Takes others out of the set, or itself, when it is told something.
class Remover final : public PollListener {
 public:
  Remover(Loop& loop, int descriptor) : poll(std::in_place, loop, descriptor, *this, Readiness{.readable = true}) {}
  void on_ready(Readiness /*ready*/, bool /*error*/) noexcept override {
    ++reports;
    if (tell) tell();
    for (Remover* other : removes) other->poll.reset();
  }

  std::optional<Poll> poll;
  std::vector<Remover*> removes;
  std::function<void()> tell;
  int reports = 0;
};

TEST_F(PollTest, WhoWasRemovedByAnotherInTheSameTurnHearsNothingMore) {
  reader_.reset();
  Remover near(loop_, near_.get());
  Remover far(loop_, far_.get());
  near.removes = far.removes = {&near, &far};
  say("to the near one");
  ASSERT_EQ(::send(near_.get(), "x", 1, 0), 1);
  run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(near.reports + far.reports, 1);
}

TEST_F(PollTest, WhatIsBrokenIsReportedAgainAndAgainWhileItIsWatched) {
  converse();
  say("unread");
  reader_->only_claims = true;
  // A peer that closes with something unread resets a Unix stream.
  ASSERT_EQ(::send(near_.get(), "x", 1, 0), 1);
  far_ = UniqueFd();
  EXPECT_TRUE(run_until(loop_, [&] { return reader_->errors > 3; }));
  reader_->poll.watch({});
  const int so_far = reader_->reports;
  run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(reader_->reports, so_far);
}

TEST_F(PollTest, SmallTrafficGoesBeforeBulkWhichTakesTurns) {
  std::array<std::optional<Reader>, 3> readers;
  std::array<UniqueFd, 3> nears;
  std::array<UniqueFd, 3> fars;
  std::string told;
  for (std::size_t at = 0; at < 3; ++at) {
    connect(nears[at], fars[at]);
    readers[at].emplace(loop_, nears[at].get());
    readers[at]->tell = [&told, at] { told += "abc"[at]; };
  }
  // Two leave something whenever they read, one never does.
  readers[0]->most = readers[1]->most = 2;
  for (const std::size_t at : {0U, 1U}) ASSERT_EQ(::send(fars[at].get(), "0123456789", 10, 0), 10);
  int turns = 0;
  TurnHook hook(loop_, [&] {
    // Twice in each turn: before the bulk, and after it.
    if (++turns > 8) return;
    EXPECT_EQ(::send(fars[2].get(), "x", 1, 0), 1);
  });
  EXPECT_TRUE(run_until(loop_, [&] { return readers[0]->text.size() + readers[1]->text.size() == 20; }));
  EXPECT_EQ(told.substr(0, 3), "abc") << "nobody is known for bulk yet";
  EXPECT_EQ(told.substr(3, 6), "cacbca") << "one of the others follows each small one";
}

TEST_F(PollTest, OnlyWhatIsOfInterestNowIsTold) {
  Remover other(loop_, far_.get());
  say("to the near one");
  ASSERT_EQ(::send(near_.get(), "x", 1, 0), 1);
  // Whichever is told first makes the other one deaf to what the kernel saw in the same turn.
  int told = 0;
  reader_->tell = [&] {
    ++told;
    other.poll->watch({.hangup = true});
  };
  other.tell = [&] {
    ++told;
    reader_->poll.watch({.hangup = true});
  };
  run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(told, other.reports > 0 ? other.reports : reader_->reports);
  EXPECT_TRUE(other.reports == 0 || reader_->reports == 0);
}

/// Reads when it is told to, or before, and notes what it does.
class Foresight final : public PollListener {
 public:
  Foresight(Loop& loop, std::string& notes, char name) : notes_(notes), name_(name) {
    connect(near_, far_);
    poll.emplace(loop, near_.get(), *this, Readiness{.readable = true});
  }

  bool read_ahead() noexcept override {
    note('<');
    return ahead_ = read();
  }
  void keep_ahead() noexcept override { note('='); }
  void on_ready(Readiness /*ready*/, bool /*error*/) noexcept override {
    note('>');
    if (tell) tell();
    if (deaf) return;
    if (!std::exchange(ahead_, false)) read();
    if (poll) poll->was_read(false);
  }
  void say() { EXPECT_EQ(::send(far_.get(), "x", 1, MSG_NOSIGNAL), 1); }

  std::optional<Poll> poll;
  bool deaf = false;  ///< uses nothing
  std::function<void()> tell;

 private:
  void note(char what) { (notes_ += what) += name_; }
  bool read() {
    std::array<char, 8> bytes{};
    return ::recv(near_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0;
  }

  std::string& notes_;
  char name_;
  bool ahead_ = false;
  UniqueFd near_;
  UniqueFd far_;
};

class PollAheadTest : public PollTest {
 protected:
  void SetUp() override {
    PollTest::SetUp();
    for (int round = 0; round < 20; ++round) {
      for (Foresight* one : {&a_, &b_}) {
        one->say();
        run_for(std::chrono::milliseconds(1));
      }
    }
    EXPECT_EQ(notes_.find('<'), std::string::npos) << "there is nothing to gain where one alone has something to say";
    notes_.clear();
  }
  /// What becomes of it when both have something to say in one turn, `a` first.
  std::string turn() {
    a_.say();
    b_.say();
    run_for(std::chrono::milliseconds(5));
    return std::exchange(notes_, {});
  }

  std::string notes_;
  Foresight a_{loop_, notes_, 'a'};
  Foresight b_{loop_, notes_, 'b'};
};

TEST_F(PollAheadTest, AllThatHaveSomethingToSayAreReadBeforeTheFirstIsTold) {
  EXPECT_EQ(turn(), "<a<b>a>b");
  EXPECT_EQ(turn(), "<a<b>a>b") << "all was read, so the next edge is told of";
}

TEST_F(PollAheadTest, WhatIsNotUsedWhenItIsToldIsKept) {
  b_.deaf = true;
  EXPECT_EQ(turn().substr(0, 10), "<a<b>a>b=b");
}

TEST_F(PollAheadTest, WhatWasReadOfOneThatIsNotToldAnyMoreIsKept) {
  a_.tell = [this] { b_.poll->watch({}); };
  EXPECT_EQ(turn(), "<a<b>a=b");
}

TEST_F(PollAheadTest, WhatWasReadOfOneThatIsToldLaterIsKept) {
  // It waits to write from now on: bulk, whose turn comes behind.
  a_.tell = [this] { b_.poll->watch({.readable = false, .writable = true}); };
  EXPECT_EQ(turn().substr(0, 8), "<a<b>a=b");
}

TEST_F(PollAheadTest, WhatWasUsedBeforeItWasToldIsNotKept) {
  a_.tell = [this] { b_.poll->was_read(false); };
  b_.deaf = true;
  EXPECT_EQ(turn().substr(0, 8), "<a<b>a>b");
}

TEST_F(PollAheadTest, WhoIsGoneKeepsNothing) {
  a_.tell = [this] { b_.poll.reset(); };
  EXPECT_EQ(turn(), "<a<b>a");
}

TEST_F(PollAheadTest, WhoGoesWhenItIsToldKeepsNothing) {
  b_.tell = [this] { b_.poll.reset(); };
  b_.deaf = true;
  EXPECT_EQ(turn(), "<a<b>a>b");
}

/// The kernel takes no descriptor twice, as it takes none when it has no room.
TEST_F(PollTest, WhoCanNotBeWatchedIsShutDownAndToldUntilItIsGone) {
  say("last words");
  std::optional<Reader> refused(std::in_place, loop_, near_.get());
  EXPECT_EQ(loop_.polls().refusals(), 1U);
  reader_.reset();
  refused->most = 4;
  EXPECT_TRUE(run_until(loop_, [&] { return refused->ended; }));
  EXPECT_EQ(refused->text, "last words");
  std::array<char, 1> byte{};
  EXPECT_EQ(::recv(far_.get(), byte.data(), byte.size(), MSG_DONTWAIT), 0);
  EXPECT_EQ(refused->errors, 0);

  const int reports = refused->reports;
  run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(refused->reports, reports) << "it has no interest any more";
  refused->only_claims = true;
  refused->poll.watch({.writable = true});
  run_for(std::chrono::milliseconds(20));
  EXPECT_GT(refused->reports, reports + 1);
  refused.reset();
  run_for(std::chrono::milliseconds(20));
}

TEST_F(PollTest, WhatLeftNothingSteadilyIsToldOfEachArrivalOnce) {
  converse();
  reader_->only_claims = true;
  for (const int arrival : {1, 2, 3}) {
    say("unread");
    run_for(std::chrono::milliseconds(20));
    EXPECT_EQ(reader_->reports, arrival) << "the kernel is not asked again for what was read, it says";
  }
}

TEST_F(PollTest, WhatIsLeftIsReportedAgain) {
  converse();
  reader_->most = 4;
  say("0123456789");
  EXPECT_TRUE(heard("0123456789"));
  reader_->most = 64;
  say("-");
  EXPECT_TRUE(heard("0123456789-"));
}

TEST_F(PollTest, ReadersThatDoNotReadAreToldAgain) {
  converse();
  reader_->deaf_until = 3;
  say("patience");
  EXPECT_TRUE(heard("patience"));
}

TEST_F(PollTest, AnEndThatComesWithTheLastBytesIsReported) {
  converse();
  say("bye");
  far_ = UniqueFd();
  EXPECT_TRUE(run_until(loop_, [&] { return reader_->ended; }));
  EXPECT_EQ(reader_->text, "bye");
  EXPECT_FALSE(reader_->hangup) << "nobody asked for it";
}

TEST_F(PollTest, AnEndBehindTheLastBytesIsReported) {
  converse();
  say("bye");
  ASSERT_TRUE(heard("bye"));
  ::shutdown(far_.get(), SHUT_WR);
  EXPECT_TRUE(run_until(loop_, [&] { return reader_->ended; }));
}

TEST_F(PollTest, WhatCameWhileNobodyWatchedIsReported) {
  converse();
  reader_->poll.watch({});
  say("later");
  run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(reader_->reports, 0);
  reader_->poll.watch({.readable = true});
  EXPECT_TRUE(heard("later"));
  converse();
}

TEST_F(PollTest, HangupIsReportedToWhoAsksForIt) {
  converse();
  reader_->poll.watch({.hangup = true});
  say("unread");
  run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(reader_->reports, 0);
  ::shutdown(far_.get(), SHUT_WR);
  EXPECT_TRUE(run_until(loop_, [&] { return reader_->hangup; }));
}

}  // namespace
}  // namespace uvb
