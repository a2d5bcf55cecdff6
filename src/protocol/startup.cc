#include "protocol/startup.h"

#include <optional>

#include "protocol/byte_reader.h"
#include "protocol/message_builder.h"

namespace uvb {

namespace {

/// Length and code of an untyped packet.
constexpr std::size_t kUntypedHeadSize = 8;

FirstPacket needs(std::size_t size) noexcept {
  return {.kind = FirstPacketKind::incomplete, .size = static_cast<std::uint32_t>(size)};
}

FirstPacket read_typed(ByteView unread, std::uint32_t max_packet_size) noexcept {
  FirstPacket packet;
  switch (read_head(unread, max_packet_size, packet.head)) {
    case HeadStatus::incomplete: return needs(kHeadSize);
    case HeadStatus::bad: packet.kind = FirstPacketKind::bad_header; return packet;
    case HeadStatus::ok: break;
  }
  packet.kind = FirstPacketKind::typed;
  packet.size = packet.head.size;
  return packet;
}

FirstPacketKind kind_of(std::uint32_t code) noexcept {
  switch (code) {
    case kCancelRequestCode: return FirstPacketKind::cancel;
    case kSslRequestCode: return FirstPacketKind::ssl_request;
    case kGssRequestCode: return FirstPacketKind::gss_request;
    case kProtocol2: return FirstPacketKind::v2;
    default:
      // 3.0 up to 3.65535, among them the "grease" version 3.9999, are negotiated down (behaviour.md 1.3 step 10).
      return (code >> 16) == (kProtocol3 >> 16) ? FirstPacketKind::startup : FirstPacketKind::bad_header;
  }
}

FirstPacket read_untyped(ByteView unread) noexcept {
  if (unread.size() < kUntypedHeadSize) return needs(kUntypedHeadSize);
  const std::uint32_t size = load_u32(unread.data());
  const std::uint32_t code = load_u32(unread.data() + 4);
  const FirstPacketKind kind = kind_of(code);
  // The second byte must be zero too, which leaves 16 bits for the length.
  const bool bad_size = size < kUntypedHeadSize || size > 0xffff;
  if (bad_size || kind == FirstPacketKind::bad_header) return {.kind = FirstPacketKind::bad_header};
  if (kind != FirstPacketKind::v2 && unread.size() < size) return needs(size);

  FirstPacket packet{.kind = kind, .size = size};
  if (kind == FirstPacketKind::startup) packet.minor = static_cast<std::uint16_t>(code);
  if (kind != FirstPacketKind::v2) packet.body = unread.first(size).subspan(kUntypedHeadSize);
  return packet;
}

/// Takes items from the text of the `options` parameter.
class OptionScanner {
 public:
  explicit OptionScanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }

  /// nullopt: not one of the forms of behaviour.md 2.1.
  std::optional<StartupOption> next() {
    skip_blanks();
    const std::string_view item = text_.substr(at_);
    if (!item.starts_with("-c") && !item.starts_with("--")) return std::nullopt;
    at_ += 2;
    if (item[1] == 'c') skip_blanks();
    return split(token());
  }

 private:
  static bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void skip_blanks() noexcept {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  /// Up to the next unquoted blank, which stays; a backslash quotes what follows it.
  std::string token() {
    std::string taken;
    while (at_ < text_.size() && !is_blank(text_[at_])) {
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      taken += text_[at_++];
    }
    return taken;
  }

  static std::optional<StartupOption> split(const std::string& item) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) return std::nullopt;
    return StartupOption{item.substr(0, equals), item.substr(equals + 1)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_text(Buffer& out, std::string_view text) {
  out.append(text.substr(0, text.find('\0')));
  out.append_byte(0);
}

}  // namespace

FirstPacket read_first_packet(ByteView unread, std::uint32_t max_packet_size) noexcept {
  if (unread.empty()) return needs(kHeadSize);
  return unread[0] == 0 ? read_untyped(unread) : read_typed(unread, max_packet_size);
}

StartupParameters parse_startup(ByteView body) {
  StartupParameters parameters;
  ByteReader reader(body);
  while (const auto key = reader.text()) {
    if (key->empty()) {
      parameters.well_formed = reader.at_end();
      break;
    }
    const auto value = reader.text();
    if (!value) break;
    parameters.list.push_back({*key, *value});
  }
  return parameters;
}

StartupOptions parse_startup_options(std::string_view options) {
  StartupOptions parsed;
  OptionScanner scanner(options);
  while (!scanner.at_end()) {
    auto option = scanner.next();
    if (!option) return parsed;
    parsed.list.push_back(std::move(*option));
  }
  parsed.well_formed = true;
  return parsed;
}

void append_startup(Buffer& out, std::span<const StartupParameter> parameters, std::uint32_t protocol) {
  const std::size_t start = out.size();
  out.append_u32(0);
  out.append_u32(protocol);
  for (const StartupParameter& parameter : parameters) {
    append_text(out, parameter.key);
    append_text(out, parameter.value);
  }
  out.append_byte(0);
  store_u32(out.data() + start, static_cast<std::uint32_t>(out.size() - start));
}

void append_ssl_request(Buffer& out) {
  out.append_u32(kUntypedHeadSize);
  out.append_u32(kSslRequestCode);
}

void append_cancel_request(Buffer& out, ByteView key) {
  out.append_u32(static_cast<std::uint32_t>(kUntypedHeadSize + key.size()));
  out.append_u32(kCancelRequestCode);
  out.append(key);
}

void append_negotiate_protocol(Buffer& out, std::span<const std::string_view> names) {
  MessageBuilder message(out, 'v');
  message.u32(kProtocol3).u32(names.size());
  for (const std::string_view name : names) message.text(name);
}

}  // namespace uvb
