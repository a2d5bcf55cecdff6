#include "admin/show_table.h"

#include <fmt/format.h>

#include <ctime>

namespace uvb {

Cell text_cell(std::string_view text) { return std::string(text); }

Cell int_cell(std::int64_t value) { return std::to_string(static_cast<std::int32_t>(value)); }

Cell count_cell(std::uint64_t value) { return std::to_string(value); }

Cell time_cell(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &local);
  return std::string(text, size);
}

Cell pointer_cell(std::uint64_t pointer) { return pointer == 0 ? std::string() : fmt::format("{:#x}", pointer); }

}  // namespace uvb
