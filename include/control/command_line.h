#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace uvb {

/// What the command line asks for (settings.md 1.1, admin-console.md 4.1).
struct CommandLine {
  bool daemon = false;
  bool quiet = false;
  int verbose = 0;                  ///< how often -v was given; raises `verbose` before the file is read
  std::optional<std::string> user;  ///< beats the setting `user`
  std::string config_file;
};

/// The program ends at once: text for stdout (status 0: -h, -V) or for stderr (any other status).
struct ExitAtOnce {
  int status = 0;
  std::string text;
};

using CommandLineResult = std::variant<CommandLine, ExitAtOnce>;

/// Reads the arguments (the first is the program's name, used verbatim in texts) by the rules of getopt_long:
/// options may follow the file name, `--` ends them, unambiguous beginnings of long names do, -h and -V act as soon as
/// they are seen. `library_lines` follow the version line of -V, for example `libuv 1.44.2`.
[[nodiscard]] CommandLineResult parse_command_line(std::span<const std::string_view> arguments,
                                                   const std::vector<std::string>& library_lines);

}  // namespace uvb
