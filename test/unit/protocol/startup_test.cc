#include "protocol/startup.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace uvb {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kLimit = 1u << 20;

std::string packet(std::uint32_t code, std::string_view body = {}) {
  Buffer out;
  out.append_u32(static_cast<std::uint32_t>(8 + body.size()));
  out.append_u32(code);
  out.append(body);
  return std::string(as_text(out.view()));
}

std::string with_size(std::uint32_t size, std::uint32_t code) {
  Buffer out;
  out.append_u32(size);
  out.append_u32(code);
  return std::string(as_text(out.view()));
}

FirstPacket read(std::string_view bytes) { return read_first_packet(as_bytes(bytes), kLimit); }

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(const StartupParameters& parameters) {
  Pairs pairs;
  for (const auto& [key, value] : parameters.list) pairs.emplace_back(key, value);
  return pairs;
}

Pairs pairs_of(const StartupOptions& options) {
  Pairs pairs;
  for (const auto& [name, value] : options.list) pairs.emplace_back(name, value);
  return pairs;
}

constexpr auto kParameters = "user\0ann\0database\0shop\0\0"sv;

TEST(FirstPacket, S001_StartupCarriesItsParameters) {
  const std::string bytes = packet(kProtocol3, kParameters);
  const std::string unread = bytes + "more";
  const FirstPacket first = read(unread);
  ASSERT_EQ(first.kind, FirstPacketKind::startup);
  EXPECT_EQ(first.size, bytes.size());
  EXPECT_EQ(first.minor, 0);
  const auto parameters = parse_startup(first.body);
  EXPECT_TRUE(parameters.well_formed);
  EXPECT_EQ(pairs_of(parameters), (Pairs{{"user", "ann"}, {"database", "shop"}}));
}

TEST(FirstPacket, S004_MinorVersionsOfProtocol3AreStartups) {
  EXPECT_EQ(read(packet(0x00030001, kParameters)).minor, 1);
  EXPECT_EQ(read(packet(0x0003ffff, kParameters)).kind, FirstPacketKind::startup);
  EXPECT_EQ(read(packet(0x0003ffff, kParameters)).minor, 0xffff);
}

TEST(FirstPacket, S008_Protocol2IsKnownFromTheHeaderAlone) {
  EXPECT_EQ(read(with_size(296, kProtocol2)).kind, FirstPacketKind::v2);
}

TEST(FirstPacket, S009_OtherProtocolsAreBad) {
  for (const std::uint32_t code : {0x00040000u, 0x00010000u, 0x00020001u, 0u, 80877105u, 0xffffffffu}) {
    const std::string bytes = packet(code, kParameters);
    EXPECT_EQ(read(bytes).kind, FirstPacketKind::bad_header) << code;
  }
  EXPECT_EQ(bad_header_text(as_bytes(with_size(0x17, 0x00040000))), "bad packet header: '0000001700040000'");
}

TEST(FirstPacket, S010_LengthBelowTheHeaderIsBad) {
  for (std::uint32_t size = 0; size < 8; ++size) {
    EXPECT_EQ(read(with_size(size, kSslRequestCode)).kind, FirstPacketKind::bad_header) << size;
  }
  EXPECT_EQ(read(with_size(8, kSslRequestCode)).kind, FirstPacketKind::ssl_request);
}

TEST(FirstPacket, S011_SecondByteMustBeZero) {
  EXPECT_EQ(read(with_size(0x00010000, kProtocol3)).kind, FirstPacketKind::bad_header);
  EXPECT_EQ(read(with_size(0x0000ffff, kProtocol3)).kind, FirstPacketKind::incomplete);
  EXPECT_EQ(read(with_size(0x0000ffff, kProtocol3)).size, 0xffffu);
}

TEST(FirstPacket, S016_EveryCutIsIncompleteAndTellsWhatIsNeeded) {
  const std::string bytes = packet(kProtocol3, kParameters);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const FirstPacket first = read(std::string_view(bytes).substr(0, size));
    ASSERT_EQ(first.kind, FirstPacketKind::incomplete) << size;
    EXPECT_GT(first.size, size);
    EXPECT_LE(first.size, bytes.size());
  }
}

TEST(FirstPacket, S015_StartupOf20KilobytesIsRead) {
  const std::string value(20000, 'x');
  Buffer out;
  append_startup(out, std::array{StartupParameter{"user", "ann"}, StartupParameter{"zork", value}});
  const FirstPacket first = read_first_packet(out.view(), kLimit);
  ASSERT_EQ(first.kind, FirstPacketKind::startup);
  EXPECT_EQ(pairs_of(parse_startup(first.body)), (Pairs{{"user", "ann"}, {"zork", value}}));
}

TEST(FirstPacket, S017_TypedPacketIsReportedFromItsHead) {
  const FirstPacket first = read("Q\0\0\0\x0dsel"sv);
  ASSERT_EQ(first.kind, FirstPacketKind::typed);
  EXPECT_EQ(first.head.type, 'Q');
  EXPECT_EQ(first.size, 14u);
}

TEST(FirstPacket, TypedPacketObeysTheLimit) {
  EXPECT_EQ(read_first_packet(as_bytes("p\0\0\x10\0"sv), 0x1000).kind, FirstPacketKind::bad_header);
  EXPECT_EQ(read_first_packet(as_bytes("p\0\0\x0f\xff"sv), 0x1000).kind, FirstPacketKind::typed);
  EXPECT_EQ(read("p\0\0\0\x03"sv).kind, FirstPacketKind::bad_header);
  EXPECT_EQ(read("p\0\0\0"sv).kind, FirstPacketKind::incomplete);
}

TEST(FirstPacket, RequestsWithoutParametersAreTold) {
  EXPECT_EQ(read(packet(kSslRequestCode)).kind, FirstPacketKind::ssl_request);
  EXPECT_EQ(read(packet(kGssRequestCode)).kind, FirstPacketKind::gss_request);
  EXPECT_EQ(read(packet(kSslRequestCode) + "x").size, 8u);
}

TEST(FirstPacket, CancelHandsOutItsKeyWhateverTheLength) {
  EXPECT_EQ(as_text(read(packet(kCancelRequestCode, "12345678")).body), "12345678");
  EXPECT_EQ(as_text(read(packet(kCancelRequestCode, "1234")).body), "1234");
  EXPECT_TRUE(read(packet(kCancelRequestCode)).body.empty());
}

TEST(StartupParameters, S012_LayoutMustEndWithAnEmptyKeyAsLastByte) {
  for (const std::string_view broken : {"user\0ann\0"sv, "user\0ann\0\0x"sv, "user\0ann\0\0\0"sv, "user\0ann\0zork\0"sv,
                                        "user\0ann\0zork"sv, "user\0ann\0zork\0val"sv}) {
    const auto parameters = parse_startup(as_bytes(broken));
    EXPECT_FALSE(parameters.well_formed) << broken;
    EXPECT_EQ(pairs_of(parameters), (Pairs{{"user", "ann"}})) << broken;
  }
  EXPECT_FALSE(parse_startup({}).well_formed);
  EXPECT_TRUE(parse_startup(as_bytes("\0"sv)).well_formed);
}

TEST(StartupParameters, EveryCutIsMalformed) {
  for (std::size_t size = 0; size < kParameters.size(); ++size) {
    EXPECT_FALSE(parse_startup(as_bytes(kParameters.substr(0, size))).well_formed) << size;
  }
}

TEST(StartupParameters, OrderDuplicatesAndEmptyValuesAreKept) {
  const auto parameters = parse_startup(as_bytes("b\0\0a\0001\0b\0002\0\0"sv));
  EXPECT_TRUE(parameters.well_formed);
  EXPECT_EQ(pairs_of(parameters), (Pairs{{"b", ""}, {"a", "1"}, {"b", "2"}}));
}

TEST(StartupOptions, AllThreeFormsAreRead) {
  const auto options = parse_startup_options("-c a=b  -cwork_mem=4MB --geqo=off");
  EXPECT_TRUE(options.well_formed);
  EXPECT_EQ(pairs_of(options), (Pairs{{"a", "b"}, {"work_mem", "4MB"}, {"geqo", "off"}}));
}

TEST(StartupOptions, EmptyTextIsFine) {
  EXPECT_TRUE(parse_startup_options("").well_formed);
  EXPECT_TRUE(parse_startup_options("").list.empty());
}

TEST(StartupOptions, S063_BackslashQuotesTheNextCharacter) {
  const auto options = parse_startup_options(R"(-c datestyle=German,\ YMD -c x=a\\b)");
  EXPECT_TRUE(options.well_formed);
  EXPECT_EQ(pairs_of(options), (Pairs{{"datestyle", "German, YMD"}, {"x", R"(a\b)"}}));
}

TEST(StartupOptions, S062_EverythingElseIsMalformed) {
  for (const std::string_view text :
       {"-d", "-c x", "-c", "-c ", "--", "--x", "-", "x=y", "-c a=b ", "-c a=b -d 3", " ", "-c a=b c=d", "-x-c a=b"}) {
    EXPECT_FALSE(parse_startup_options(text).well_formed) << text;
  }
}

TEST(StartupOptions, S061_ItemsBeforeAMalformedOneAreKept) {
  EXPECT_EQ(pairs_of(parse_startup_options("-c a=b -d")), (Pairs{{"a", "b"}}));
}

TEST(StartupOptions, DashesStayAndValuesMayHoldEquals) {
  EXPECT_EQ(pairs_of(parse_startup_options("--search-path=a=b")), (Pairs{{"search-path", "a=b"}}));
}

TEST(StartupWriter, StartupIsReadBack) {
  Buffer out;
  append_ssl_request(out);
  append_startup(out, std::array{StartupParameter{"database", "d"}, StartupParameter{"user", "u"}});
  const FirstPacket ssl = read_first_packet(out.view(), kLimit);
  ASSERT_EQ(ssl.kind, FirstPacketKind::ssl_request);
  const FirstPacket first = read_first_packet(out.view().subspan(ssl.size), kLimit);
  ASSERT_EQ(first.kind, FirstPacketKind::startup);
  EXPECT_EQ(ssl.size + first.size, out.size());
  EXPECT_EQ(pairs_of(parse_startup(first.body)), (Pairs{{"database", "d"}, {"user", "u"}}));
}

TEST(StartupWriter, EmbeddedZeroByteCannotAddParameters) {
  Buffer out;
  append_startup(out, std::array{StartupParameter{"user", "a\0replication\0on"sv}});
  EXPECT_EQ(pairs_of(parse_startup(read_first_packet(out.view(), kLimit).body)), (Pairs{{"user", "a"}}));
}

TEST(StartupWriter, CancelRequestHasTheKeyBehindTheCode) {
  Buffer out;
  append_cancel_request(out, as_bytes("\x01\x02\x03\x04\x05\x06\x07\x08"));
  EXPECT_EQ(as_text(out.view()), "\0\0\0\x10\x04\xd2\x16\x2e\x01\x02\x03\x04\x05\x06\x07\x08"sv);
}

TEST(StartupWriter, S005_NegotiationListsTheNamesInOrder) {
  Buffer out;
  append_negotiate_protocol(out, std::array{"_pq_.a"sv, "_pq_.bc"sv});
  EXPECT_EQ(as_text(out.view()), "v\0\0\0\x1b\0\3\0\0\0\0\0\2_pq_.a\0_pq_.bc\0"sv);
}

TEST(StartupWriter, S004_NegotiationWithoutNames) {
  Buffer out;
  append_negotiate_protocol(out, {});
  EXPECT_EQ(as_text(out.view()), "v\0\0\0\x0c\0\3\0\0\0\0\0\0"sv);
}

}  // namespace
}  // namespace uvb
