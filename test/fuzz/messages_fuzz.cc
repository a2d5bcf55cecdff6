#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "protocol/messages.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Touches every byte, so that a view past the end is noticed.
std::size_t touch(std::string_view text) {
  std::size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

void read_client_messages(uvb::ByteView body) {
  if (const auto parse = uvb::read_parse(body)) {
    require(parse->name.size() + parse->query.size() + 2 + parse->types.size() == body.size());
    touch(uvb::as_text(parse->types));
  }
  if (const auto target = uvb::read_describe(body)) require(target->name.size() + 2 == body.size());
  if (const auto query = uvb::read_query(body)) require(query->size() < body.size());
  if (const auto password = uvb::read_password(body)) require(password->size() + 1 == body.size());
  if (const auto initial = uvb::read_sasl_initial(body)) touch(initial->data.value_or(std::string_view{}));
}

/// However a Bind is cut, what is found must be what the whole body holds.
void read_bind(uvb::ByteView body) {
  uvb::BindPrefix whole;
  const auto status = uvb::read_bind_prefix(body, body.size(), whole);
  require(status != uvb::PrefixStatus::incomplete);
  for (std::size_t size = 0; size < body.size(); ++size) {
    uvb::BindPrefix part;
    const auto cut = uvb::read_bind_prefix(body.first(size), body.size(), part);
    require(cut != uvb::PrefixStatus::bad);
    if (cut != uvb::PrefixStatus::ok) continue;
    require(status == uvb::PrefixStatus::ok && part.rest == whole.rest && part.rest <= size);
    require(part.portal == whole.portal && part.statement == whole.statement);
  }
}

void read_server_messages(uvb::ByteView body) {
  if (const auto fields = uvb::ErrorFields::read(body)) {
    touch(fields->severity());
    touch(fields->code());
    touch(fields->message());
    for (int letter = 0; letter < 256; ++letter)
      touch(fields->find(static_cast<char>(letter)).value_or(std::string_view{}));
  }
  if (const auto row = uvb::read_data_row(body)) {
    for (const auto& value : *row) touch(value.value_or(std::string_view{}));
  }
  if (const auto status = uvb::read_parameter_status(body))
    require(status->name.size() + status->value.size() + 2 == body.size());
  if (const auto names = uvb::read_sasl_mechanisms(body)) {
    for (const auto name : *names) require(!name.empty());
  }
  if (const auto tag = uvb::read_command_tag(body)) touch(*tag);
  if (const auto key = uvb::read_backend_key(body)) touch(uvb::as_text(*key));
  uvb::read_ready_status(body);
  uvb::read_column_count(body);
  if (const auto request = uvb::read_auth_request(body)) touch(uvb::as_text(request->data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const uvb::ByteView body(data, size);
  read_client_messages(body);
  read_bind(body);
  read_server_messages(body);
  return 0;
}
