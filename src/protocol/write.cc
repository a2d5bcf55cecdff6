#include "protocol/write.h"

#include "protocol/auth_code.h"
#include "protocol/message_builder.h"

namespace uvb {

namespace {

/// Length of a NULL value, also of a missing SASL response.
constexpr std::uint32_t kNull = 0xffffffff;

void append_bare(Buffer& out, char type) { const MessageBuilder message(out, type); }

void append_texts(Buffer& out, char type, std::string_view first, std::string_view second) {
  MessageBuilder message(out, type);
  message.text(first).text(second);
}

void append_auth(Buffer& out, AuthCode code, ByteView data = {}) {
  MessageBuilder message(out, 'R');
  message.u32(static_cast<std::uint32_t>(code)).raw(data);
}

void append_target(Buffer& out, char type, char kind, std::string_view name) {
  MessageBuilder message(out, type);
  message.byte(kind).text(name);
}

void append_report(Buffer& out, char type, std::string_view severity, std::string_view code, std::string_view text,
                   std::string_view detail) {
  MessageBuilder message(out, type);
  message.byte('S').text(severity).byte('C').text(code).byte('M').text(text);
  if (!detail.empty()) message.byte('D').text(detail);
  message.byte('\0');
}

}  // namespace

void append_error(Buffer& out, std::string_view severity, std::string_view code, std::string_view message) {
  append_report(out, 'E', severity, code, message, {});
}

void append_fatal(Buffer& out, std::string_view message, std::string_view code) {
  append_error(out, "FATAL", code, message);
}

void append_notice(Buffer& out, std::string_view severity, std::string_view code, std::string_view message,
                   std::string_view detail) {
  append_report(out, 'N', severity, code, message, detail);
}

void append_parameter_status(Buffer& out, std::string_view name, std::string_view value) {
  append_texts(out, 'S', name, value);
}

void append_backend_key(Buffer& out, ByteView key) {
  MessageBuilder message(out, 'K');
  message.raw(key);
}

void append_ready(Buffer& out, TransactionStatus status) {
  MessageBuilder message(out, 'Z');
  message.byte(static_cast<char>(status));
}

void append_auth_ok(Buffer& out) { append_auth(out, AuthCode::ok); }
void append_auth_cleartext(Buffer& out) { append_auth(out, AuthCode::cleartext); }
void append_auth_md5(Buffer& out, ByteView salt) { append_auth(out, AuthCode::md5, salt); }

void append_auth_sasl(Buffer& out, std::span<const std::string_view> mechanisms) {
  MessageBuilder message(out, 'R');
  message.u32(static_cast<std::uint32_t>(AuthCode::sasl));
  for (const std::string_view name : mechanisms) message.text(name);
  message.byte('\0');
}

void append_auth_sasl_continue(Buffer& out, std::string_view data) {
  append_auth(out, AuthCode::sasl_continue, as_bytes(data));
}
void append_auth_sasl_final(Buffer& out, std::string_view data) {
  append_auth(out, AuthCode::sasl_final, as_bytes(data));
}

void append_row_description(Buffer& out, std::span<const ColumnDescription> columns) {
  constexpr std::size_t kNoTable = 0;
  constexpr std::size_t kNoModifier = kNull;
  MessageBuilder message(out, 'T');
  message.u16(columns.size());
  for (const ColumnDescription& column : columns) {
    message.text(column.name).u32(kNoTable).u16(kNoTable);
    message.u32(column.type_oid).u16(static_cast<std::uint16_t>(column.type_size));
    message.u32(kNoModifier).u16(static_cast<std::uint16_t>(column.format));
  }
}

void append_data_row(Buffer& out, std::span<const std::optional<std::string_view>> values) {
  MessageBuilder message(out, 'D');
  message.u16(values.size());
  for (const auto& value : values) {
    if (value) {
      message.u32(value->size()).raw(as_bytes(*value));
    } else {
      message.u32(kNull);
    }
  }
}

void append_command_complete(Buffer& out, std::string_view tag) {
  MessageBuilder message(out, 'C');
  message.text(tag);
}

void append_empty_query(Buffer& out) { append_bare(out, 'I'); }
void append_parse_complete(Buffer& out) { append_bare(out, '1'); }
void append_bind_complete(Buffer& out) { append_bare(out, '2'); }
void append_close_complete(Buffer& out) { append_bare(out, '3'); }
void append_no_data(Buffer& out) { append_bare(out, 'n'); }

void append_parameter_description(Buffer& out, std::span<const std::uint32_t> type_oids) {
  MessageBuilder message(out, 't');
  message.u16(type_oids.size());
  for (const std::uint32_t oid : type_oids) message.u32(oid);
}

void append_query(Buffer& out, std::string_view sql) {
  MessageBuilder message(out, 'Q');
  message.text(sql);
}

void append_password(Buffer& out, std::string_view password) {
  MessageBuilder message(out, 'p');
  message.text(password);
}

void append_sasl_initial(Buffer& out, std::string_view mechanism, std::string_view data) {
  MessageBuilder message(out, 'p');
  message.text(mechanism).u32(data.size()).raw(as_bytes(data));
}

void append_sasl_response(Buffer& out, std::string_view data) {
  MessageBuilder message(out, 'p');
  message.raw(as_bytes(data));
}

void append_parse(Buffer& out, std::string_view name, std::string_view query, ByteView types) {
  MessageBuilder message(out, 'P');
  message.text(name).text(query);
  if (types.empty()) {
    message.u16(0);
  } else {
    message.raw(types);
  }
}

void append_bind_text(Buffer& out, std::span<const std::string_view> parameters) {
  constexpr std::size_t kAllText = 0;
  MessageBuilder message(out, 'B');
  message.text("").text("").u16(kAllText).u16(parameters.size());
  for (const std::string_view value : parameters) message.u32(value.size()).raw(as_bytes(value));
  message.u16(kAllText);
}

void append_describe_portal(Buffer& out, std::string_view name) { append_target(out, 'D', 'P', name); }

void append_execute(Buffer& out, std::string_view portal) {
  constexpr std::size_t kAllRows = 0;
  MessageBuilder message(out, 'E');
  message.text(portal).u32(kAllRows);
}

void append_close_statement(Buffer& out, std::string_view name) { append_target(out, 'C', 'S', name); }
void append_close_portal(Buffer& out, std::string_view name) { append_target(out, 'C', 'P', name); }
void append_sync(Buffer& out) { append_bare(out, 'S'); }
void append_flush(Buffer& out) { append_bare(out, 'H'); }
void append_terminate(Buffer& out) { append_bare(out, 'X'); }

}  // namespace uvb
