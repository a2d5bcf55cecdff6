#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

struct ssl_ctx_st;

namespace uvb {

/// A set of TLS versions, 1.0 to 1.3.
class TlsProtocols {
 public:
  /// The grammar of `client_tls_protocols` (settings.md 5.1): names separated by ',' or ':', `!name` takes away;
  /// empty text means "secure". None when a name is unknown or no version is left.
  static std::optional<TlsProtocols> parse(std::string_view text);

  [[nodiscard]] bool has_tls13() const noexcept;
  /// Lowest and highest version as limits, those missing between masked one by one.
  void apply(ssl_ctx_st* context) const;

  bool operator==(const TlsProtocols&) const = default;

 private:
  explicit TlsProtocols(unsigned bits) noexcept : bits_(bits) {}
  unsigned bits_;
};

}  // namespace uvb
