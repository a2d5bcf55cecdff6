#pragma once

#include <string>
#include <string_view>

struct x509_st;

namespace uvb {

/// `certificate` names `name` (a host, an address literal or a user) by the rule of settings.md 5.5: subjectAltName
/// entries first, then the CommonName.
[[nodiscard]] bool certificate_names(const x509_st* certificate, const std::string& name);

/// The DNS rule alone: equal without regard to case, or `*.rest` with a dot inside `rest` against `label.rest`.
[[nodiscard]] bool dns_name_matches(std::string_view pattern, std::string_view name);

/// An IPv4 or IPv6 literal.
[[nodiscard]] bool is_ip_literal(const std::string& name);

}  // namespace uvb
