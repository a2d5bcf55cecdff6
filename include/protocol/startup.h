#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "protocol/frame.h"

namespace uvb {

/// Codes of the packets without a type byte (PostgreSQL protocol, "Message Formats"; behaviour.md 1.1).
inline constexpr std::uint32_t kCancelRequestCode = 80877102;
inline constexpr std::uint32_t kSslRequestCode = 80877103;
inline constexpr std::uint32_t kGssRequestCode = 80877104;
inline constexpr std::uint32_t kProtocol2 = 0x00020000;
inline constexpr std::uint32_t kProtocol3 = 0x00030000;

/// Error texts of behaviour.md 11.5 that belong to this layer.
inline constexpr std::string_view kOldProtocolText = "old V2 protocol not supported";
inline constexpr std::string_view kBadStartupLayoutText =
    "invalid startup packet layout: expected terminator as last byte";
inline constexpr std::string_view kBadOptionsText =
    "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed";

enum class FirstPacketKind : std::uint8_t {
  incomplete,  ///< `size` tells how many bytes are needed before it pays to ask again
  bad_header,  ///< answer bad_header_text() of the unread bytes
  v2,          ///< protocol 2.0; known from the header alone
  cancel,  ///< `body` is the key: PostgreSQL's has 8 bytes, protocol 3.2 allows more; a wrong length is the caller's
  ssl_request,
  gss_request,
  startup,  ///< `minor` and, in `body`, the parameters: see parse_startup()
  typed,    ///< `head` is known; the body need NOT be at hand yet (only 'p' is worth waiting for)
};

/// What stands at the front of a connection that has not logged in.
struct FirstPacket {
  FirstPacketKind kind = FirstPacketKind::incomplete;
  std::uint32_t size = 0;   ///< whole packet in bytes; 0 for bad_header
  std::uint16_t minor = 0;  ///< startup: minor version asked for, 0 for exactly 3.0
  MessageHead head{};       ///< typed only
  ByteView body{};          ///< startup and cancel: what follows the code; lives as long as the bytes handed in
};

/// Looks at the front of `unread`. Untyped packets are reported when they are whole (at most 65535 bytes);
/// `max_packet_size` limits typed ones.
FirstPacket read_first_packet(ByteView unread, std::uint32_t max_packet_size) noexcept;

/// A key and its value; views into the packet.
struct StartupParameter {
  std::string_view key;
  std::string_view value;
};

/// The parameters in the packet's order. A broken layout keeps the whole pairs before the damage, because an
/// unsupported one among them is reported first (behaviour.md 1.3, steps 4 and 5).
struct StartupParameters {
  std::vector<StartupParameter> list;
  bool well_formed = false;  ///< false: kBadStartupLayoutText
};

/// `body` of a startup packet (after the version). The list must end with an empty key as the very last byte.
StartupParameters parse_startup(ByteView body);

/// One setting of the `options` parameter, backslashes resolved.
struct StartupOption {
  std::string name;
  std::string value;
};

/// Settings in order; what precedes a malformed item is kept for the reason given at StartupParameters.
struct StartupOptions {
  std::vector<StartupOption> list;
  bool well_formed = false;  ///< false: kBadOptionsText
};

/// `-c name=value`, `-cname=value` and `--name=value`, separated by blanks (behaviour.md 2.1). A blank after the
/// last item is malformed.
StartupOptions parse_startup_options(std::string_view options);

/// What the pooler sends first to a server. Texts are cut at an embedded zero byte.
void append_startup(Buffer& out, std::span<const StartupParameter> parameters, std::uint32_t protocol = kProtocol3);
void append_ssl_request(Buffer& out);
void append_cancel_request(Buffer& out, ByteView key);
/// NegotiateProtocolVersion to a client: 3.0 and the `_pq_.` keys that are not known, in their order.
void append_negotiate_protocol(Buffer& out, std::span<const std::string_view> names);

}  // namespace uvb
