#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"

/// What authentication needs of OpenSSL. Any thread. A failure of the library (no memory, no entropy) throws
/// std::runtime_error: nobody could be let in any more. What it may refuse for its input is an empty result.
namespace uvb {

/// A SHA-256 value or a key of that size; overwritten when it goes.
class Digest {
 public:
  static constexpr std::size_t kSize = 32;

  Digest() = default;
  /// `bytes` must have kSize bytes.
  explicit Digest(ByteView bytes) noexcept;
  Digest(const Digest&) = default;
  Digest& operator=(const Digest&) = default;
  ~Digest();

  [[nodiscard]] ByteView view() const noexcept { return bytes_; }
  [[nodiscard]] ByteSpan span() noexcept { return bytes_; }

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

Digest sha256(ByteView data);
Digest hmac_sha256(ByteView key, ByteView data);
/// nullopt unless `iterations` is 1 to kMostScramIterations.
std::optional<Digest> pbkdf2_sha256(std::string_view password, ByteView salt, int iterations);

/// Takes the same time wherever the difference is; lengths are not hidden.
bool same_bytes(ByteView left, ByteView right) noexcept;
/// As above, and hides the lengths: for passwords.
bool same_secret(std::string_view left, std::string_view right);

void fill_random(ByteSpan into);
std::vector<std::uint8_t> random_bytes(std::size_t count);

}  // namespace uvb
