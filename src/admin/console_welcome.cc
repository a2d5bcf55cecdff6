#include "admin/console_welcome.h"

#include "admin/version.h"
#include "protocol/write.h"

namespace uvb {
namespace {

void append_fixed_parameters(Buffer& out) {
  append_parameter_status(out, "server_version", std::string(kCompatVersion) + "/bouncer");
  append_parameter_status(out, "client_encoding", "UTF8");
  append_parameter_status(out, "server_encoding", "UTF8");
  append_parameter_status(out, "DateStyle", "ISO");
  append_parameter_status(out, "TimeZone", "GMT");
  append_parameter_status(out, "standard_conforming_strings", "on");
  append_parameter_status(out, "is_superuser", "on");
}

}  // namespace

void append_console_welcome(Buffer& out, const ConsoleWelcome& welcome) {
  append_auth_ok(out);
  append_fixed_parameters(out);
  for (const auto& [name, value] : welcome.parameters) append_parameter_status(out, name, value);
  append_backend_key(out, welcome.cancel_key);
  if (!welcome.login_notice.empty()) append_notice(out, "NOTICE", "00000", welcome.login_notice);
  append_ready(out, TransactionStatus::idle);
}

}  // namespace uvb
