#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/scram.h"

namespace uvb {

/// How the client end stands to channel binding (RFC 5802 section 6, gs2-cbind-flag).
enum class ScramBinding : std::uint8_t {
  none,         ///< 'n': no TLS
  not_offered,  ///< 'y': could bind, but the server does not offer it
  end_point,    ///< 'p=tls-server-end-point'
};

/// The pooler's side of one SCRAM exchange with a server: SCRAM messages in, SCRAM messages out. Order: client_first,
/// read_server_first, make_client_final, verify_server_final. The keys between come from a password
/// (derive_scram_keys, expensive) or from pass-through.
class ScramClientExchange {
 public:
  ScramClientExchange(ScramBinding binding, std::vector<std::uint8_t> channel_binding);

  std::string client_first();
  /// False: not a proper answer to our first message, see why().
  bool read_server_first(std::string_view message);
  [[nodiscard]] ByteView salt() const noexcept { return salt_; }
  [[nodiscard]] int iterations() const noexcept { return iterations_; }

  std::string make_client_final(const Digest& client_key, const Digest& server_key);
  /// Ok: the server knows the password's verifier. Otherwise why the message was refused.
  enum class Verdict : std::uint8_t { ok, malformed, wrong_signature };
  Verdict verify_server_final(std::string_view message);

  [[nodiscard]] std::string_view why() const noexcept { return why_; }

 private:
  bool fail(std::string_view why) noexcept;
  bool parse_iterations(std::string_view text) noexcept;
  [[nodiscard]] std::string binding_data() const;

  std::vector<std::uint8_t> channel_binding_;
  std::string gs2_header_;
  std::string own_nonce_;
  std::string client_first_bare_;
  std::string server_first_;
  std::string nonce_;
  std::vector<std::uint8_t> salt_;
  int iterations_ = 0;
  Digest signature_;
  std::string_view why_;
};

}  // namespace uvb
