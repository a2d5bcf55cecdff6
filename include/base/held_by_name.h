#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"

namespace uvb {

/// One value for each name: made when first asked for, gone when nobody holds it any more, so that names which
/// strangers think up cost nothing for longer than they are in use. Any thread; what it gave out may outlive it.
template <class T>
class HeldByName {
 public:
  [[nodiscard]] std::shared_ptr<T> get(const std::string& name) {
    return entries_->with([&](Entries& entries) {
      std::weak_ptr<T>& entry = entries[name];
      std::shared_ptr<T> value = entry.lock();
      if (!value) entry = value = std::shared_ptr<T>(new T(), Forget{entries_, name});
      return value;
    });
  }
  /// How many are held.
  [[nodiscard]] std::size_t size() const {
    return entries_->with([](const Entries& entries) { return entries.size(); });
  }

 private:
  using Entries = std::map<std::string, std::weak_ptr<T>>;
  using Table = Guarded<Entries>;

  struct Forget {
    std::shared_ptr<Table> table;
    std::string name;

    void operator()(T* value) const {
      delete value;
      table->with([this](Entries& entries) {
        const auto found = entries.find(name);
        // Somebody may have asked for it again since the last holder let go.
        if (found != entries.end() && found->second.expired()) entries.erase(found);
      });
    }
  };

  std::shared_ptr<Table> entries_ = std::make_shared<Table>();
};

}  // namespace uvb
