#include "admin/reply_format.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/binary_format.h"
#include "protocol/message_builder.h"
#include "protocol/write.h"

namespace uvb {
namespace {

constexpr std::uint16_t kBinary = 1;

std::uint16_t format_of(ResultFormats formats, std::size_t column) {
  if (formats.size() == 1) return formats.front();
  return column < formats.size() ? formats[column] : std::uint16_t{0};
}

}  // namespace

void append_columns(Buffer& out, std::span<const ConsoleColumn> columns, ResultFormats formats) {
  std::vector<ColumnDescription> described;
  described.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ConsoleColumn& column = columns[i];
    described.push_back({column.name, static_cast<std::uint32_t>(column.type), type_length(column.type),
                         static_cast<std::int16_t>(format_of(formats, i))});
  }
  append_row_description(out, described);
}

void append_row(Buffer& out, std::span<const ConsoleColumn> columns, const ConsoleRow& row, ResultFormats formats) {
  std::vector<std::string> binary(row.size());
  std::vector<std::optional<std::string_view>> values(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!row[i]) continue;
    values[i] = *row[i];
    if (format_of(formats, i) != kBinary) continue;
    binary[i] = binary_value(columns[i].type, *row[i]);
    values[i] = binary[i];
  }
  append_data_row(out, values);
}

void append_console_notice(Buffer& out, const ConsoleNotice& notice) {
  append_notice(out, "NOTICE", "00000", notice.message, notice.detail);
}

void append_console_error(Buffer& out, const ConsoleError& error) {
  MessageBuilder message(out, 'E');
  message.byte('S').text(error.fatal ? "FATAL" : "ERROR");
  message.byte('C').text(error.code);
  message.byte('M').text(error.message);
  if (!error.detail.empty()) message.byte('D').text(error.detail);
  message.byte('\0');
}

}  // namespace uvb
