#include "session/read_window.h"

#include <algorithm>
#include <cstring>

namespace uvb {

ReadResult ReadWindow::fill(Transport& transport, SessionContext& context, ByteView& bytes) {
  const std::size_t asked = std::size_t{1} << size_log2_;
  const std::size_t kept = kept_.size();
  if (kept + asked > context.clear.size()) {
    // A long message is being put together: it grows where it is.
    const ReadResult result = transport.read(context.clear.first(asked), context.scratch);
    if (result.status == IoStatus::ok) kept_.append(context.clear.first(result.count));
    bytes = kept_.view();
    adapt(result, asked);
    return result;
  }
  const ReadResult result = transport.read(context.clear.subspan(kept, asked), context.scratch);
  if (result.status != IoStatus::ok) {
    bytes = kept_.view();
    return result;
  }
  if (kept > 0) std::memcpy(context.clear.data(), kept_.view().data(), kept);
  kept_.release();
  bytes = context.clear.first(kept + result.count);
  adapt(result, asked);
  return result;
}

void ReadWindow::adapt(const ReadResult& result, std::size_t asked) noexcept {
  if (result.more && size_log2_ < largest_log2_) {
    ++size_log2_;
  } else if (result.count < asked / 4 && size_log2_ > kSmallest) {
    --size_log2_;
  }
}

void ReadWindow::done(ByteView bytes, std::size_t used) {
  if (!kept_.empty() && bytes.data() == kept_.view().data()) {
    kept_.consume(used);
    if (kept_.empty()) kept_.release();
    return;
  }
  if (used < bytes.size()) kept_.append(bytes.subspan(used));
}

}  // namespace uvb
