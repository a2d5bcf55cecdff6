// auth_file, and whether what was read can be written and read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "config/user_list.h"

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const uvb::UserList list = uvb::parse_user_list(uvb::as_text({data, size}));
  std::string written;
  for (const auto& [name, secret] : list.secrets) written += quoted(name) + " " + quoted(secret->view()) + "\n";
  const uvb::UserList again = uvb::parse_user_list(written);
  const bool same = std::equal(
      list.secrets.begin(), list.secrets.end(), again.secrets.begin(), again.secrets.end(),
      [](const auto& a, const auto& b) { return a.first == b.first && a.second->view() == b.second->view(); });
  if (!same || again.error) std::abort();
  return 0;
}
