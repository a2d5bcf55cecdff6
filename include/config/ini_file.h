#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace uvb {

/// Gives a file's contents; the error text is strerror's (`No such file or directory`).
using ReadFile = std::function<Result<std::string>(const std::string& file)>;

/// Reads from disk.
Result<std::string> read_file(const std::string& file);

/// Where something stands.
struct IniPlace {
  std::string file;  ///< as given on the command line or in %include
  int line = 0;
};

/// Who is told what an ini file says, in order. An error stops the reading and is what read_ini() returns.
class IniSink {
 public:
  virtual ~IniSink() = default;
  /// A section header, every time one is seen.
  virtual Status section(std::string_view name, const IniPlace& place) = 0;
  /// `section` is nullptr in front of the first header.
  virtual Status entry(const std::string* section, std::string_view key, std::string_view value,
                       const IniPlace& place) = 0;
};

/// Reads `file` and what it includes (settings.md 1.2 and 1.4) through libinih.
Status read_ini(const std::string& file, const ReadFile& read, IniSink& sink);

}  // namespace uvb
