#include "config/ini_file.h"

#include <fmt/format.h>
#include <ini.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "config/ini_lexer.h"

namespace uvb {
namespace {

constexpr std::size_t kMaxNesting = 10;
constexpr std::string_view kHeaderKey = "header";
constexpr std::string_view kEntryKey = "entry";

struct CloseFile {
  // Nothing was written that closing could lose.
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};

/// A file being read; included files lie on top of the one that includes them.
struct OpenFile {
  OpenFile(std::string file_name, std::string contents)
      : name(std::move(file_name)), text(std::move(contents)), lexer(text) {}
  std::string name;
  std::string text;
  IniLexer lexer;
  int include_line = 0;  ///< of the %include being worked on
};

/// Stands between the lexer and libinih, which cuts long lines, joins indented ones and has comments inside values:
/// inih is handed one short line per item, `[<number of the section>]` or `entry=<number of the item>`, while the texts
/// stay here.
class IniReader {
 public:
  IniReader(const ReadFile& read, IniSink& sink) : read_(read), sink_(sink) {}

  Status run(const std::string& file) {
    if (open(file)) ini_parse_stream(&IniReader::on_read, this, &IniReader::on_line, this);
    return error_.empty() ? Status(Done{}) : Status(Error{error_});
  }

 private:
  static char* on_read(char* line, int room, void* self) {
    return static_cast<IniReader*>(self)->read_line(line, room);
  }
  static int on_line(void* self, const char* section, const char* key, const char* value) {
    return static_cast<IniReader*>(self)->deliver(section, key, value) ? 1 : 0;
  }

  bool open(const std::string& file) {
    Result<std::string> contents = read_(file);
    if (!contents) {
      fail(fmt::format("could not load file \"{}\": {}", file, contents.error().message));
      return false;
    }
    files_.push_back(std::make_unique<OpenFile>(file, std::move(*contents)));
    return true;
  }

  char* read_line(char* line, int room) {
    if (!error_.empty()) return nullptr;
    const std::string text = next_line();
    if (text.empty() || text.size() >= static_cast<std::size_t>(room)) return nullptr;
    std::memcpy(line, text.c_str(), text.size() + 1);
    return line;
  }

  /// Empty at the end and after an error.
  std::string next_line() {
    if (header_pending_) {
      header_pending_ = false;
      return fmt::format("{}={}\n", kHeaderKey, sections_.size() - 1);
    }
    while (!files_.empty()) {
      item_ = files_.back()->lexer.next();
      switch (item_.kind) {
        case IniItem::Kind::section:
          sections_.emplace_back(item_.name);
          header_pending_ = true;
          return fmt::format("[{}]\n", sections_.size() - 1);
        case IniItem::Kind::entry: return fmt::format("{}={}\n", kEntryKey, ++entries_);
        case IniItem::Kind::include:
          if (!include()) return {};
          break;
        case IniItem::Kind::error:
          fail(fmt::format("syntax error in configuration ({}:{}), stopping loading: {}", files_.back()->name,
                           item_.line, item_.reason));
          return {};
        case IniItem::Kind::end: files_.pop_back(); break;
      }
    }
    return {};
  }

  bool include() {
    OpenFile& includer = *files_.back();
    includer.include_line = item_.line;
    if (files_.size() <= kMaxNesting) return open_included(std::string(item_.name));
    fail(fmt::format("include nesting level too deep ({}:{}), stopping loading", includer.name, item_.line));
    return false;
  }

  bool open_included(const std::string& file) {
    if (open(file)) return true;
    error_ += include_trouble(*files_.back());
    return false;
  }

  bool deliver(std::string_view section, std::string_view key, std::string_view value) {
    if (files_.empty() || !error_.empty()) return false;
    const IniPlace place{files_.back()->name, item_.line};
    const std::string* name = section_at(section);
    const Status taken = key == kHeaderKey && name != nullptr ? sink_.section(*name, place)
                         : value == std::to_string(entries_)  ? sink_.entry(name, item_.name, item_.value, place)
                                                              : Status(Error{"libinih mixed up its lines"});
    if (!taken) fail(taken.error().message);
    return taken.ok();
  }

  const std::string* section_at(std::string_view number) const {
    std::size_t index = 0;
    const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), index);
    return failure == std::errc{} && index < sections_.size() ? &sections_[index] : nullptr;
  }

  /// Keeps the reason, and for a file included the way to it, innermost first.
  void fail(const std::string& reason) {
    error_ = reason;
    for (std::size_t depth = files_.size(); depth > 1; --depth) error_ += include_trouble(*files_[depth - 2]);
  }

  static std::string include_trouble(const OpenFile& includer) {
    return fmt::format("\nerror processing include file in configuration ({}:{}), stopping loading", includer.name,
                       includer.include_line);
  }

  const ReadFile& read_;
  IniSink& sink_;
  std::vector<std::unique_ptr<OpenFile>> files_;
  std::vector<std::string> sections_;
  IniItem item_;
  std::size_t entries_ = 0;
  bool header_pending_ = false;
  std::string error_;
};

}  // namespace

Result<std::string> read_file(const std::string& file) {
  const std::unique_ptr<std::FILE, CloseFile> stream(std::fopen(file.c_str(), "rbe"));
  if (!stream) return Error{std::strerror(errno)};
  std::string contents;
  std::size_t used = 0;
  do {
    contents.resize(std::max<std::size_t>(4096, used * 2));
    used += std::fread(contents.data() + used, 1, contents.size() - used, stream.get());
  } while (used == contents.size());
  if (std::ferror(stream.get()) != 0) return Error{std::strerror(errno)};
  contents.resize(used);
  return contents;
}

Status read_ini(const std::string& file, const ReadFile& read, IniSink& sink) {
  return IniReader(read, sink).run(file);
}

}  // namespace uvb
