#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace uvb {

/// A password, hash or key: overwritten with zeros when it goes, never printable by accident.
/// Copies are deliberate (copy()).
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  [[nodiscard]] Secret copy() const { return Secret(text_); }
  [[nodiscard]] std::string_view view() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  void wipe() noexcept;

 private:
  std::string text_;
};

}  // namespace uvb
