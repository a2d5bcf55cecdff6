#include "config/list.h"

#include <algorithm>

#include "config/text.h"

namespace uvb {
namespace {

std::vector<std::string> split_at(std::string_view text, std::string_view separators) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    const std::string_view item = trim_right(trim_left(text.substr(0, end)));
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) { return split_at(text, ", \t\r\n\v\f"); }

std::vector<std::string> split_commas(std::string_view text) { return split_at(text, ","); }

bool list_contains(std::string_view text, std::string_view name) {
  const std::vector<std::string> items = split_list(text);
  return std::find(items.begin(), items.end(), name) != items.end();
}

}  // namespace uvb
