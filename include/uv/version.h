#pragma once

#include <string_view>

namespace uvb {

/// The version of the libuv in use, which need not be the one compiled against.
[[nodiscard]] std::string_view libuv_version() noexcept;

}  // namespace uvb
