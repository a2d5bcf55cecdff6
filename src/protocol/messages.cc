#include "protocol/messages.h"

#include "protocol/byte_reader.h"

namespace uvb {

namespace {

std::optional<TargetView> read_target(ByteView body) noexcept {
  ByteReader reader(body);
  const auto kind = reader.byte();
  if (kind != 'S' && kind != 'P') return std::nullopt;
  const auto name = reader.text();
  if (!name || !reader.at_end()) return std::nullopt;
  return TargetView{static_cast<char>(*kind), *name};
}

/// A body that is one zero-terminated text and nothing else.
std::optional<std::string_view> read_only_text(ByteView body) noexcept {
  ByteReader reader(body);
  const auto text = reader.text();
  return reader.at_end() ? text : std::nullopt;
}

constexpr std::uint32_t kNullLength = 0xffffffff;

}  // namespace

std::optional<ParseView> read_parse(ByteView body) noexcept {
  ByteReader reader(body);
  const auto name = reader.text();
  if (!name) return std::nullopt;
  const auto query = reader.text();
  if (!query) return std::nullopt;
  const ByteView types = reader.rest();
  if (types.size() < 2) return std::nullopt;
  if (types.size() != 2 + std::size_t{load_u16(types.data())} * 4) return std::nullopt;
  return ParseView{*name, *query, types};
}

PrefixStatus read_bind_prefix(ByteView at_hand, std::size_t body_size, BindPrefix& prefix) noexcept {
  const ByteView front = at_hand.size() > body_size ? at_hand.first(body_size) : at_hand;
  ByteReader reader(front);
  const auto portal = reader.text();
  const auto statement = portal ? reader.text() : std::nullopt;
  if (!statement) return front.size() < body_size ? PrefixStatus::incomplete : PrefixStatus::bad;
  prefix = {*portal, *statement, front.size() - reader.left()};
  return PrefixStatus::ok;
}

std::optional<DescribeView> read_describe(ByteView body) noexcept { return read_target(body); }

std::optional<CloseView> read_close(ByteView body) noexcept { return read_target(body); }

std::optional<std::string_view> read_query(ByteView body) noexcept { return ByteReader(body).text(); }

std::optional<std::string_view> read_password(ByteView body) noexcept { return read_only_text(body); }

std::optional<SaslInitialView> read_sasl_initial(ByteView body) noexcept {
  ByteReader reader(body);
  const auto mechanism = reader.text();
  if (!mechanism) return std::nullopt;
  const auto length = reader.u32();
  if (!length) return std::nullopt;
  if (*length == kNullLength) {
    if (!reader.at_end()) return std::nullopt;
    return SaslInitialView{*mechanism, std::nullopt};
  }
  if (*length != reader.left()) return std::nullopt;
  return SaslInitialView{*mechanism, as_text(reader.rest())};
}

std::optional<ErrorFields> ErrorFields::read(ByteView body) noexcept {
  ByteReader reader(body);
  while (!reader.at_end()) {
    const std::size_t taken = body.size() - reader.left();
    const auto letter = reader.byte();
    if (letter == 0) return ErrorFields(body.first(taken));
    if (!reader.text()) return std::nullopt;
  }
  return ErrorFields(body);
}

std::optional<std::string_view> ErrorFields::find(char letter) const noexcept {
  ByteReader reader(fields_);
  while (const auto found = reader.byte()) {
    const auto text = reader.text();
    if (static_cast<char>(*found) == letter) return text;
  }
  return std::nullopt;
}

std::string_view ErrorFields::severity() const noexcept {
  if (const auto plain = find('V')) return *plain;
  return find('S').value_or(std::string_view{});
}

std::optional<ParameterStatusView> read_parameter_status(ByteView body) noexcept {
  ByteReader reader(body);
  const auto name = reader.text();
  if (!name) return std::nullopt;
  const auto value = reader.text();
  if (!value || !reader.at_end()) return std::nullopt;
  return ParameterStatusView{*name, *value};
}

std::optional<std::string_view> read_command_tag(ByteView body) noexcept { return read_only_text(body); }

bool clears_statements(ByteView body) noexcept {
  // Most tags are told apart by their first letter.
  if (body.empty() || body[0] != 'D') return false;
  const auto tag = read_command_tag(body);
  return tag && (*tag == "DISCARD ALL" || *tag == "DEALLOCATE ALL");
}

std::optional<ByteView> read_backend_key(ByteView body) noexcept {
  constexpr std::size_t kLeast = 4 + 4;
  constexpr std::size_t kMost = 4 + 256;
  if (body.size() < kLeast || body.size() > kMost) return std::nullopt;
  return body;
}

std::optional<char> read_ready_status(ByteView body) noexcept {
  if (body.size() != 1) return std::nullopt;
  const char status = static_cast<char>(body[0]);
  if (status != 'I' && status != 'T' && status != 'E') return std::nullopt;
  return status;
}

std::optional<std::uint16_t> read_column_count(ByteView body) noexcept { return ByteReader(body).u16(); }

std::optional<RowValues> read_data_row(ByteView body) {
  ByteReader reader(body);
  const auto count = reader.u16();
  // Each value takes four bytes at least, so a lying count reserves nothing.
  if (!count || reader.left() / 4 < *count) return std::nullopt;
  RowValues values;
  values.reserve(*count);
  while (values.size() < *count) {
    const auto length = reader.u32();
    if (!length) return std::nullopt;
    if (*length == kNullLength) {
      values.emplace_back(std::nullopt);
      continue;
    }
    const auto bytes = reader.bytes(*length);
    if (!bytes) return std::nullopt;
    values.emplace_back(as_text(*bytes));
  }
  if (!reader.at_end()) return std::nullopt;
  return values;
}

std::optional<AuthRequestView> read_auth_request(ByteView body) noexcept {
  ByteReader reader(body);
  const auto code = reader.u32();
  if (!code) return std::nullopt;
  return AuthRequestView{AuthCode{*code}, reader.rest()};
}

std::optional<std::vector<std::string_view>> read_sasl_mechanisms(ByteView data) {
  std::vector<std::string_view> names;
  ByteReader reader(data);
  while (const auto name = reader.text()) {
    if (name->empty()) return reader.at_end() ? std::optional(std::move(names)) : std::nullopt;
    names.push_back(*name);
  }
  return std::nullopt;
}

}  // namespace uvb
