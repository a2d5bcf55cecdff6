#include "uv/version.h"

#include <uv.h>

namespace uvb {

std::string_view libuv_version() noexcept { return uv_version_string(); }

}  // namespace uvb
