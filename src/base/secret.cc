#include "base/secret.h"

#include <cstring>

namespace uvb {

void Secret::wipe() noexcept {
  // The whole capacity: a moved-from small string keeps its bytes, a shortened one its tail.
  text_.resize(text_.capacity());
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace uvb
