#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"

namespace uvb {

/// The names of the session variables that follow a client from server to server (behaviour.md 2.1): the five built-in
/// ones and track_extra_parameters. Immutable for the life of the process.
class VariableTable {
 public:
  explicit VariableTable(const std::vector<std::string>& extra);

  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
  [[nodiscard]] const std::string& name(std::size_t index) const { return names_[index]; }
  /// Case-insensitive.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;

  static constexpr std::size_t kApplicationName = 4;

 private:
  std::vector<std::string> names_;
};

/// Values of tracked variables, by index of the table; null: not known. Most connections have the same ones: copies
/// share them until one is changed. Copies may live on different threads.
class VariableValues {
 public:
  using Value = std::shared_ptr<const std::string>;

  [[nodiscard]] const Value& get(std::size_t index) const noexcept;
  /// Null: not known.
  [[nodiscard]] const std::string* text(std::size_t index) const noexcept {
    return values_ && index < values_->size() ? (*values_)[index].get() : nullptr;
  }
  /// Known to be the same without a look at the texts.
  [[nodiscard]] bool shares(const VariableValues& other) const noexcept { return values_ == other.values_; }
  /// Makes the two share their values if they are the same, letter by letter.
  void share_if_equal(VariableValues& other);
  void set(std::size_t index, Value value);
  void set(std::size_t index, std::string_view text) { set(index, std::make_shared<const std::string>(text)); }
  /// Takes over every value `known` has and this one lacks.
  void fill_from(const VariableValues& known);
  /// Takes over every value `known` has: the server's own spelling becomes the client's.
  void adopt(const VariableValues& known);

 private:
  using Values = std::vector<Value>;

  std::shared_ptr<const Values> values_;  ///< null: none is known
};

bool same_ignoring_case(std::string_view left, std::string_view right) noexcept;

/// Appends `SET name='value';` for each variable both know and that differs (behaviour.md 2.2); true when there was
/// one.
bool append_differences(const VariableTable& table, const VariableValues& client, const VariableValues& server,
                        std::string& sql);

}  // namespace uvb
