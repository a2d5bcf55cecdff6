#pragma once

#include <string>

namespace uvb {

/// The settings part of man/uvbouncer.5 in mdoc-free roff (man macros), written from the option table.
[[nodiscard]] std::string print_manual_settings();

/// etc/uvbouncer.ini: every option commented out with its default and its sentence.
[[nodiscard]] std::string print_sample_ini();

/// `--show-settings`: one `name = default` line per option with type, since and sentence, as plain text.
[[nodiscard]] std::string print_settings();

}  // namespace uvb
