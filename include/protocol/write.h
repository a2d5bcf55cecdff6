#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "protocol/sqlstate.h"

/// Whole messages, appended to a buffer (PostgreSQL protocol, "Message Formats"). Zero-terminated texts are cut at an
/// embedded zero byte. No function fails.
namespace uvb {

enum class TransactionStatus : char { idle = 'I', in_transaction = 'T', failed = 'E' };

// --- to clients ---

/// ErrorResponse with exactly the fields S, C, M (behaviour.md, conventions).
void append_error(Buffer& out, std::string_view severity, std::string_view code, std::string_view message);
/// The same with severity FATAL; the connection is closed behind it.
void append_fatal(Buffer& out, std::string_view message, std::string_view code = kProtocolViolation);
/// NoticeResponse with S, C, M and, unless empty, D.
void append_notice(Buffer& out, std::string_view severity, std::string_view code, std::string_view message,
                   std::string_view detail = {});
void append_parameter_status(Buffer& out, std::string_view name, std::string_view value);
/// BackendKeyData; `key` is process id and secret together, 8 bytes for protocol 3.0.
void append_backend_key(Buffer& out, ByteView key);
void append_ready(Buffer& out, TransactionStatus status);

void append_auth_ok(Buffer& out);
void append_auth_cleartext(Buffer& out);
void append_auth_md5(Buffer& out, ByteView salt);  ///< four bytes
void append_auth_sasl(Buffer& out, std::span<const std::string_view> mechanisms);
void append_auth_sasl_continue(Buffer& out, std::string_view data);
void append_auth_sasl_final(Buffer& out, std::string_view data);

/// A result column without a table behind it.
struct ColumnDescription {
  std::string_view name;
  std::uint32_t type_oid = 25;  ///< text
  std::int16_t type_size = -1;  ///< bytes; -1: variable
  std::int16_t format = 0;      ///< 0 text, 1 binary
};

void append_row_description(Buffer& out, std::span<const ColumnDescription> columns);
/// Values as they go over the wire (text or binary); nullopt is NULL.
void append_data_row(Buffer& out, std::span<const std::optional<std::string_view>> values);
void append_command_complete(Buffer& out, std::string_view tag);
void append_empty_query(Buffer& out);
void append_parse_complete(Buffer& out);
void append_bind_complete(Buffer& out);
void append_close_complete(Buffer& out);
void append_no_data(Buffer& out);
void append_parameter_description(Buffer& out, std::span<const std::uint32_t> type_oids);

// --- to servers ---

void append_query(Buffer& out, std::string_view sql);
void append_password(Buffer& out, std::string_view password);
void append_sasl_initial(Buffer& out, std::string_view mechanism, std::string_view data);
void append_sasl_response(Buffer& out, std::string_view data);
/// `types` is the count and the OIDs exactly as a client sent them (ParseView::types); empty: no types.
void append_parse(Buffer& out, std::string_view name, std::string_view query, ByteView types = {});
/// Bind of the unnamed statement to the unnamed portal, text parameters and text results.
void append_bind_text(Buffer& out, std::span<const std::string_view> parameters);
void append_describe_portal(Buffer& out, std::string_view name);
/// Execute without a row limit.
void append_execute(Buffer& out, std::string_view portal);
void append_close_statement(Buffer& out, std::string_view name);
void append_close_portal(Buffer& out, std::string_view name);
void append_sync(Buffer& out);
void append_flush(Buffer& out);
void append_terminate(Buffer& out);

}  // namespace uvb
