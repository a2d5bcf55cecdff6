#include "session/read_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace uvb {
namespace {

/// Gives the bytes of `waiting`, at most as many as are asked for, and then what `end` says.
class Source final : public Transport {
 public:
  ReadResult read(ByteSpan into, Scratch /*scratch*/) override {
    ++reads;
    const std::size_t count = std::min(into.size(), waiting.size());
    if (count == 0) return {.status = end};
    std::copy_n(waiting.begin(), count, into.begin());
    waiting.erase(0, count);
    return {.status = IoStatus::ok, .count = count, .more = count == into.size()};
  }
  IoStatus send(std::span<const iovec> /*pieces*/, Scratch /*scratch*/) override { return IoStatus::failed; }
  IoStatus flush() override { return IoStatus::failed; }
  [[nodiscard]] bool buffered() const noexcept override { return false; }
  [[nodiscard]] std::size_t pending() const noexcept override { return 0; }
  void shutdown(Scratch /*scratch*/) noexcept override {}
  [[nodiscard]] int descriptor() const noexcept override { return -1; }
  int release_descriptor() noexcept override { return -1; }
  [[nodiscard]] std::string error() const override { return {}; }
  [[nodiscard]] bool encrypted() const noexcept override { return false; }

  std::string waiting;
  IoStatus end = IoStatus::blocked;
  int reads = 0;
};

class ReadWindowTest : public ::testing::Test {
 protected:
  ReadWindowTest() : memory_(256U << 10), lent_{memory_, Scratch{}} {}

  /// As a session that has been read from before: only such read ahead.
  void converse() {
    source_.waiting = "hello";
    EXPECT_EQ(fill(), "hello");
    source_.reads = 0;
  }
  /// Reads, and uses `used` bytes of what there is (all by default).
  std::string fill(std::size_t used = std::string::npos) {
    ByteView bytes;
    result_ = window_.fill(source_, lent_, bytes);
    std::string text(as_text(bytes));
    if (result_.status == IoStatus::ok) window_.done(bytes, std::min(used, bytes.size()));
    return text;
  }
  bool read_ahead() { return window_.read_ahead(source_, lent_); }
  /// The next turn overwrites what the last one read ahead.
  void next_turn() {
    lent_.ahead.turn_over();
    const ByteSpan free = lent_.ahead.free();
    std::fill(free.begin(), free.end(), std::uint8_t{'?'});
  }

  std::vector<std::uint8_t> memory_;
  LentMemory lent_;
  Source source_;
  ReadWindow window_;
  ReadResult result_{};
};

TEST_F(ReadWindowTest, WhatWasReadAheadIsWhatIsReadNext) {
  converse();
  source_.waiting = "ahead";
  EXPECT_FALSE(window_.ahead());
  EXPECT_TRUE(read_ahead());
  EXPECT_TRUE(window_.ahead());
  source_.waiting = "behind";
  EXPECT_EQ(fill(), "ahead");
  EXPECT_EQ(result_.count, 5U);
  EXPECT_FALSE(result_.more || window_.ahead());
  EXPECT_EQ(source_.reads, 1);
  EXPECT_EQ(fill(), "behind");
}

TEST_F(ReadWindowTest, WhatWasKeptStandsInFrontOfWhatWasReadAhead) {
  converse();
  source_.waiting = "half a mess";
  EXPECT_EQ(fill(5), "half a mess");
  source_.waiting = "age";
  EXPECT_TRUE(read_ahead());
  EXPECT_EQ(as_text(window_.kept()), "a mess");
  EXPECT_EQ(fill(), "a message");
  EXPECT_EQ(result_.count, 3U) << "what was counted before is not counted again";
  EXPECT_TRUE(window_.empty());
}

TEST_F(ReadWindowTest, MoreThanIsReadAheadComesInOnePiece) {
  for (const IoStatus end : {IoStatus::blocked, IoStatus::closed, IoStatus::failed}) {
    for (const std::size_t beyond : {0U, 1U, 5000U}) {
      converse();
      source_.end = end;
      const std::string much = std::string(AheadMemory::kMost, 'a') + std::string(beyond, 'b');
      source_.waiting = much;
      EXPECT_TRUE(read_ahead());
      EXPECT_EQ(fill(), much);
      EXPECT_EQ(result_.status, IoStatus::ok);
      EXPECT_EQ(result_.count, much.size());
      EXPECT_EQ(source_.reads, 2);
      EXPECT_EQ(result_.more, beyond == 0 && end != IoStatus::blocked) << "an end that was met is told of again";
      fill();
      EXPECT_EQ(result_.status, end);
    }
  }
}

TEST_F(ReadWindowTest, WhoSaysMuchReadsAheadNoMore) {
  EXPECT_FALSE(read_ahead()) << "nothing is known yet";
  converse();
  source_.waiting = std::string(AheadMemory::kMost, 'a');
  EXPECT_EQ(fill().size(), AheadMemory::kMost);
  EXPECT_FALSE(read_ahead());
  converse();
  EXPECT_TRUE(read_ahead());
}

TEST_F(ReadWindowTest, AnEndIsReadAheadAsItIs) {
  for (const IoStatus end : {IoStatus::blocked, IoStatus::closed, IoStatus::failed}) {
    converse();
    source_.end = end;
    EXPECT_TRUE(read_ahead());
    source_.end = IoStatus::blocked;
    EXPECT_EQ(fill(), "");
    EXPECT_EQ(result_.status, end);
  }
}

TEST_F(ReadWindowTest, NothingIsReadAheadTwice) {
  converse();
  source_.waiting = "first";
  EXPECT_TRUE(read_ahead());
  source_.waiting = "second";
  EXPECT_FALSE(read_ahead());
  EXPECT_EQ(fill(), "first");
  EXPECT_EQ(fill(), "second");
}

TEST_F(ReadWindowTest, WhatIsNotUsedOutlivesTheTurnWhenItIsKept) {
  for (const std::string_view said : {"", "unused"}) {
    converse();
    source_.waiting = said;
    EXPECT_TRUE(read_ahead());
    EXPECT_EQ(window_.keep_ahead(), IoStatus::ok);
    next_turn();
    EXPECT_TRUE(window_.ahead());
    EXPECT_EQ(fill(), said);
    EXPECT_FALSE(window_.ahead());
  }
}

TEST_F(ReadWindowTest, KeepingAnEndTellsOfIt) {
  for (const IoStatus end : {IoStatus::closed, IoStatus::failed}) {
    converse();
    source_.end = end;
    EXPECT_TRUE(read_ahead());
    EXPECT_EQ(window_.keep_ahead(), end);
    next_turn();
    fill();
    EXPECT_EQ(result_.status, end);
    source_.end = IoStatus::blocked;
  }
}

TEST_F(ReadWindowTest, ClearForgetsWhatWasReadAhead) {
  converse();
  source_.waiting = "forgotten";
  EXPECT_TRUE(read_ahead());
  window_.clear();
  EXPECT_FALSE(window_.ahead());
  EXPECT_EQ(fill(), "");
}

TEST_F(ReadWindowTest, OneTurnsMemoryIsSharedUntilItIsUsedUp) {
  std::deque<ReadWindow> windows;
  std::deque<Source> sources;
  std::vector<std::string> said;
  for (std::size_t at = 0; at < 1000; ++at) {
    Source& source = sources.emplace_back();
    ReadWindow& window = windows.emplace_back();
    ByteView bytes;
    source.waiting = "hello";
    window.fill(source, lent_, bytes);
    window.done(bytes, bytes.size());
    source.waiting = said.emplace_back(at % 300 + 1, static_cast<char>('a' + at % 26));
    if (!window.read_ahead(source, lent_)) break;
  }
  EXPECT_LT(windows.size(), 1000U);
  EXPECT_GT(windows.size(), 100U);
  for (std::size_t at = 0; at < windows.size(); ++at) {
    ByteView bytes;
    windows[at].fill(sources[at], lent_, bytes);
    EXPECT_EQ(as_text(bytes), said[at]);
  }
}

TEST_F(ReadWindowTest, NoByteIsLostOrSwappedWhateverIsReadAheadAndKept) {
  std::mt19937 random(7);
  std::string sent;
  std::string got;
  std::uint8_t next = 0;
  for (int turn = 0; turn < 20000; ++turn) {
    const std::size_t size = random() % 8 == 0 ? random() % 9000 : random() % 40;
    for (std::size_t at = 0; at < size; ++at) source_.waiting += static_cast<char>(next++);
    sent += source_.waiting.substr(source_.waiting.size() - size);
    if (random() % 2 == 0 && read_ahead() && random() % 3 == 0) {
      ASSERT_EQ(window_.keep_ahead(), IoStatus::ok);
      next_turn();
      if (random() % 2 == 0) continue;
    }
    ByteView bytes;
    result_ = window_.fill(source_, lent_, bytes);
    if (result_.status == IoStatus::ok) {
      const std::size_t used = random() % 2 == 0 ? bytes.size() : random() % (bytes.size() + 1);
      got += as_text(bytes.first(used));
      window_.done(bytes, used);
    }
    next_turn();
  }
  ASSERT_EQ(got, sent.substr(0, got.size()));
  EXPECT_GT(got.size(), sent.size() / 2);
}

}  // namespace
}  // namespace uvb
