#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "protocol/startup.h"

namespace {

/// What was read must survive being written and read again.
void check_round_trip(const uvb::StartupParameters& parameters) {
  uvb::Buffer out;
  uvb::append_startup(out, parameters.list);
  if (out.size() > 0xffff) return;
  const auto again = uvb::read_first_packet(out.view(), 1u << 16);
  if (again.kind != uvb::FirstPacketKind::startup || again.size != out.size()) std::abort();
  const auto parsed = uvb::parse_startup(again.body);
  if (!parsed.well_formed || parsed.list.size() != parameters.list.size()) std::abort();
  for (std::size_t i = 0; i < parsed.list.size(); ++i) {
    if (parsed.list[i].key != parameters.list[i].key || parsed.list[i].value != parameters.list[i].value) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const uvb::ByteView bytes(data, size);
  const auto first = uvb::read_first_packet(bytes, 1u << 16);
  if (first.kind == uvb::FirstPacketKind::incomplete && first.size <= size) std::abort();
  if (first.kind == uvb::FirstPacketKind::startup) check_round_trip(uvb::parse_startup(first.body));

  const auto raw = uvb::parse_startup(bytes);
  for (const auto& parameter : raw.list) {
    if (parameter.key.empty()) std::abort();
  }
  const auto options = uvb::parse_startup_options(uvb::as_text(bytes));
  for (const auto& option : options.list) {
    if (option.name.find('=') != std::string::npos) std::abort();
  }
  return 0;
}
