#include "uv/loop.h"

#include <gtest/gtest.h>

#include <thread>

#include "fakes/loop_runner.h"
#include "uv/turn_hook.h"
#include "uv/waker.h"

namespace uvb {
namespace {

using namespace std::chrono_literals;

TEST(LoopTest, StopEndsTheRunAndNotTheNextOne) {
  Loop loop;
  int calls = 0;
  Timer timer(loop, [&] {
    ++calls;
    loop.stop();
  });
  timer.start_every(1ms);
  loop.run();
  EXPECT_EQ(calls, 1);
  loop.run();
  EXPECT_EQ(calls, 2);
}

TEST(LoopTest, SleepsWhileThereIsNothingToDoEvenWithoutATimer) {
  Loop loop;
  Waker waker(loop, [&] { loop.stop(); });
  std::thread later([&] {
    std::this_thread::sleep_for(100ms);
    waker.wake();
  });
  const Micros before = thread_cpu_time();
  loop.run();
  EXPECT_LT(thread_cpu_time() - before, 50ms);
  later.join();
}

TEST(LoopTest, TimersComeInTimeWhileDescriptorsAreAlwaysReady) {
  Loop loop;
  Waker* always = nullptr;
  Waker waker(loop, [&] { always->wake(); });
  always = &waker;
  waker.wake();
  const TimePoint start = Loop::now();
  Timer timer(loop, [&] { loop.stop(); });
  timer.start_once(50ms);
  loop.run();
  EXPECT_GE(Loop::now() - start, 49ms);
  EXPECT_LT(Loop::now() - start, 5s);
}

TEST(LoopTest, ATimerStartedByAnotherRunsOutInTime) {
  Loop loop;
  const TimePoint start = Loop::now();
  Timer second(loop, [&] { loop.stop(); });
  Timer first(loop, [&] { second.start_once(30ms); });
  first.start_once(30ms);
  loop.run();
  EXPECT_GE(Loop::now() - start, 58ms);
}

TEST(LoopTest, ATimerStartedWhenADescriptorIsReadyDoesNotCountTheSleepBefore) {
  Loop loop;
  Timer timer(loop, [&] { loop.stop(); });
  TimePoint start;
  Waker waker(loop, [&] {
    start = Loop::now();
    timer.start_once(100ms);
  });
  std::thread later([&] {
    std::this_thread::sleep_for(150ms);
    waker.wake();
  });
  loop.run();
  EXPECT_GE(Loop::now() - start, 98ms);
  later.join();
}

TEST(LoopTest, HooksAreCalledBeforeEachSleepUntilTheyGo) {
  Loop loop;
  int turns = 0;
  {
    TurnHook hook(loop, [&] { ++turns; });
    int wakes = 0;
    EXPECT_TRUE(run_until(loop, [&] { return ++wakes >= 5; }));
  }
  const int so_far = turns;
  EXPECT_GE(so_far, 5);
  int wakes = 0;
  EXPECT_TRUE(run_until(loop, [&] { return ++wakes >= 5; }));
  EXPECT_EQ(turns, so_far);
}

}  // namespace
}  // namespace uvb
