#pragma once

#include <string_view>

namespace uvb {

/// Whether free text can be what its option is for. Used to tell a value from a comment behind it; the option's user
/// (TLS set-up, syslog) has the last word.

/// No blanks inside.
[[nodiscard]] bool plausible_word(std::string_view text);
/// A list of TLS versions (settings.md 5.1).
[[nodiscard]] bool plausible_tls_protocols(std::string_view text);
/// An OpenSSL cipher list or one of PgBouncer's words for the default.
[[nodiscard]] bool plausible_tls_ciphers(std::string_view text);
[[nodiscard]] bool plausible_tls_dheparams(std::string_view text);
[[nodiscard]] bool plausible_syslog_facility(std::string_view text);
/// 1.18 to 1.25, or head.
[[nodiscard]] bool plausible_compat_version(std::string_view text);

}  // namespace uvb
