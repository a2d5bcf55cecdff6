#include "base/log_format.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace uvb {
namespace {

constexpr WallTime kMoment{Micros{1'795'341'994'442'999}};  // 2026-11-22 10:06:34.442999 UTC

/// Puts the process into another time zone for one test.
class TimeZone {
 public:
  explicit TimeZone(const char* zone) {
    if (const char* old = std::getenv("TZ")) old_ = old;
    set(zone);
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;
  ~TimeZone() { set(old_.empty() ? nullptr : old_.c_str()); }

 private:
  static void set(const char* zone) {
    if (zone == nullptr) {
      unsetenv("TZ");
    } else {
      setenv("TZ", zone, 1);
    }
    tzset();
  }
  std::string old_;
};

TEST(LogFormat, HasDateMillisecondsZonePidAndLevelBeforeTheMessage) {
  const TimeZone utc("UTC0");
  EXPECT_EQ(format_log_line(kMoment, 31413, LogLevel::log, "listening on 127.0.0.1:6432"),
            "2026-11-22 10:06:34.442 UTC [31413] LOG listening on 127.0.0.1:6432\n");
}

TEST(LogFormat, UsesLocalTimeWithTheAbbreviationOfTheZone) {
  const TimeZone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(format_log_line(kMoment, 1, LogLevel::warning, "x"), "2026-11-22 11:06:34.442 CET [1] WARNING x\n");
}

TEST(LogFormat, CutsMillisecondsAndKeepsTheirThreeDigits) {
  const TimeZone utc("UTC0");
  EXPECT_EQ(format_log_line(WallTime{Micros{7'999}}, 1, LogLevel::error, "x"),
            "1970-01-01 00:00:00.007 UTC [1] ERROR x\n");
}

TEST(LogFormat, NamesEveryLevel) {
  EXPECT_EQ(log_level_word(LogLevel::fatal), "FATAL");
  EXPECT_EQ(log_level_word(LogLevel::error), "ERROR");
  EXPECT_EQ(log_level_word(LogLevel::warning), "WARNING");
  EXPECT_EQ(log_level_word(LogLevel::log), "LOG");
  EXPECT_EQ(log_level_word(LogLevel::debug), "DEBUG");
  EXPECT_EQ(log_level_word(LogLevel::noise), "NOISE");
}

TEST(LogFormat, ContinuesMessagesOfSeveralLinesBehindTabsAndTrimsTheirEnd) {
  const TimeZone utc("UTC0");
  EXPECT_EQ(format_log_line(WallTime{}, 1, LogLevel::log, "one\ntwo\n\n \t"),
            "1970-01-01 00:00:00.000 UTC [1] LOG one\n\ttwo\n");
}

TEST(LogFormat, KeepsTrailingBlanksOfASingleLine) {
  const TimeZone utc("UTC0");
  EXPECT_EQ(format_log_line(WallTime{}, 1, LogLevel::log, "db/user@ "),
            "1970-01-01 00:00:00.000 UTC [1] LOG db/user@ \n");
}

TEST(LogFormat, TextAloneIsContinuedAndBoundedLikeTheLine) {
  EXPECT_EQ(log_text("db/al\nice@ closing"), "db/al\n\tice@ closing");
  EXPECT_EQ(log_text("db/user@ "), "db/user@ ");
  EXPECT_EQ(log_text(std::string(100'000, 'x')).size(), kLongestLogLine);
}

TEST(LogFormat, BoundsTheLine) {
  const std::string line = format_log_line(kMoment, 1, LogLevel::log, std::string(100'000, 'x'));
  EXPECT_EQ(line.size(), kLongestLogLine + 1);
  EXPECT_EQ(line.back(), '\n');
}

}  // namespace
}  // namespace uvb
