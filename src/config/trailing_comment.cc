#include "config/trailing_comment.h"

#include "config/text.h"

namespace uvb {

std::optional<std::string_view> without_comment(std::string_view value,
                                                const std::function<bool(std::string_view)>& valid) {
  if (valid(value)) return std::nullopt;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '#' && value[at] != ';') continue;
    if (at > 0 && !is_blank(value[at - 1])) continue;
    const std::string_view shorter = trim_right(value.substr(0, at));
    if (valid(shorter)) return shorter;
  }
  return std::nullopt;
}

}  // namespace uvb
