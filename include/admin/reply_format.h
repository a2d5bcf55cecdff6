#pragma once

#include <cstdint>
#include <span>

#include "admin/console_reply.h"
#include "base/buffer.h"

namespace uvb {

/// Formats of result columns as Bind gives them: none (all text), one for all, or one for each; 0 text, 1 binary.
using ResultFormats = std::span<const std::uint16_t>;

/// RowDescription; table OID 0, column number 0, type modifier -1 (admin-console.md 2.0).
void append_columns(Buffer& out, std::span<const ConsoleColumn> columns, ResultFormats formats = {});
/// DataRow of cells in text form.
void append_row(Buffer& out, std::span<const ConsoleColumn> columns, const ConsoleRow& row, ResultFormats formats = {});
/// NoticeResponse: S, C, M and D if there is one.
void append_console_notice(Buffer& out, const ConsoleNotice& notice);
/// ErrorResponse: S, C, M and D if there is one, in full length.
void append_console_error(Buffer& out, const ConsoleError& error);

}  // namespace uvb
