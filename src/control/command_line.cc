#include "control/command_line.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/version.h"

namespace uvb {
namespace {

struct Option {
  char letter;
  std::string_view name;
  bool takes_value;
};

constexpr std::array<Option, 7> kOptions{{{'d', "daemon", false},
                                          {'q', "quiet", false},
                                          {'R', "reboot", false},
                                          {'u', "user", true},
                                          {'v', "verbose", false},
                                          {'V', "version", false},
                                          {'h', "help", false}}};

std::string usage(std::string_view program) {
  return fmt::format(
      "{0} is a connection pooler for PostgreSQL.\n"
      "\n"
      "Usage:\n"
      "  {0} [OPTION]... CONFIG_FILE\n"
      "\n"
      "Options:\n"
      "  -d, --daemon         run in background (as a daemon)\n"
      "  -q, --quiet          run quietly\n"
      "  -R, --reboot         do an online reboot\n"
      "  -u, --user=USERNAME  assume identity of USERNAME\n"
      "  -v, --verbose        increase verbosity\n"
      "  -V, --version        show version, then exit\n"
      "  -h, --help           show this help, then exit\n",
      program);
}

std::string version(const std::vector<std::string>& library_lines) {
  std::string text = fmt::format("{}\n", kVersionLine);
  for (const std::string& line : library_lines) text += line + "\n";
  return text;
}

/// Goes through the arguments once, by the rules of getopt_long(3). Written anew because that one keeps its state in
/// globals and prints by itself.
class Parser {
 public:
  Parser(std::span<const std::string_view> arguments, const std::vector<std::string>& library_lines)
      : program_(arguments.empty() ? "uvbouncer" : arguments.front()),
        rest_(arguments.empty() ? arguments : arguments.subspan(1)),
        library_lines_(library_lines) {}

  CommandLineResult run() {
    while (!end_ && !rest_.empty()) {
      const std::string_view argument = next();
      if (!options_over_ && argument == "--") {
        options_over_ = true;
      } else if (!options_over_ && argument.starts_with("--")) {
        take_long(argument.substr(2));
      } else if (!options_over_ && argument.size() > 1 && argument.front() == '-') {
        take_letters(argument.substr(1));
      } else {
        files_.emplace_back(argument);
      }
    }
    if (!end_ && files_.size() != 1) fail("no configuration file specified");
    if (end_) return *std::move(end_);
    result_.config_file = files_.front();
    return std::move(result_);
  }

 private:
  std::string_view next() {
    const std::string_view argument = rest_.front();
    rest_ = rest_.subspan(1);
    return argument;
  }

  void fail(std::string_view reason) {
    end_ = ExitAtOnce{1, fmt::format("{0}: {1}\nTry \"{0} --help\" for more information.\n", program_, reason)};
  }

  void take_letters(std::string_view letters) {
    while (!end_ && !letters.empty()) {
      const char letter = letters.front();
      letters.remove_prefix(1);
      const Option* option = find_letter(letter);
      if (option == nullptr) {
        fail(fmt::format("invalid option -- '{}'", letter));
      } else if (!option->takes_value) {
        apply(letter, {});
      } else if (!letters.empty() || !rest_.empty()) {
        apply(letter, letters.empty() ? next() : std::exchange(letters, {}));
      } else {
        fail(fmt::format("option requires an argument -- '{}'", letter));
      }
    }
  }

  void take_long(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const Option* option = find_name(name);
    if (option == nullptr) return;
    const bool has_value = equals != text.npos;
    if (has_value && !option->takes_value) {
      fail(fmt::format("option '--{}' doesn't allow an argument", option->name));
    } else if (!option->takes_value) {
      apply(option->letter, {});
    } else if (has_value || !rest_.empty()) {
      apply(option->letter, has_value ? text.substr(equals + 1) : next());
    } else {
      fail(fmt::format("option '--{}' requires an argument", option->name));
    }
  }

  static const Option* find_letter(char letter) {
    for (const Option& option : kOptions) {
      if (option.letter == letter) return &option;
    }
    return nullptr;
  }

  /// The option with this name, or the only one that begins with it; otherwise fails.
  const Option* find_name(std::string_view name) {
    const Option* found = nullptr;
    std::string possibilities;
    for (const Option& option : kOptions) {
      if (option.name == name) return &option;
      if (!option.name.starts_with(name)) continue;
      possibilities += fmt::format(" '--{}'", option.name);
      found = found == nullptr ? &option : &kAmbiguous;
    }
    if (found == nullptr) {
      fail(fmt::format("unrecognized option '--{}'", name));
    } else if (found == &kAmbiguous) {
      fail(fmt::format("option '--{}' is ambiguous; possibilities:{}", name, possibilities));
      return nullptr;
    }
    return found;
  }

  void apply(char letter, std::string_view value) {
    switch (letter) {
      case 'd': result_.daemon = true; break;
      case 'q': result_.quiet = true; break;
      case 'u': result_.user = std::string(value); break;
      case 'v': ++result_.verbose; break;
      case 'V': end_ = ExitAtOnce{0, version(library_lines_)}; break;
      case 'h': end_ = ExitAtOnce{0, usage(program_)}; break;
      default:
        fail("online restart (-R) is not supported by this version of uvbouncer, use so_reuseport instead");
        break;
    }
  }

  static constexpr Option kAmbiguous{'\0', "", false};

  std::string_view program_;
  std::span<const std::string_view> rest_;
  const std::vector<std::string>& library_lines_;
  CommandLine result_;
  std::vector<std::string> files_;
  bool options_over_ = false;
  std::optional<ExitAtOnce> end_;
};

}  // namespace

CommandLineResult parse_command_line(std::span<const std::string_view> arguments,
                                     const std::vector<std::string>& library_lines) {
  return Parser(arguments, library_lines).run();
}

}  // namespace uvb
