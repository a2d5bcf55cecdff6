#include "session/read_window.h"

#include <algorithm>
#include <cstring>

namespace uvb {

namespace {

/// There is nothing more to come.
bool is_end(IoStatus status) noexcept { return status == IoStatus::closed || status == IoStatus::failed; }

}  // namespace

ReadResult ReadWindow::fill(Transport& transport, LentMemory& lent, ByteView& bytes) {
  const ReadResult result = ahead_.is_there ? use_ahead(transport, lent, bytes) : read(transport, lent, bytes);
  brief_ = result.count < AheadMemory::kMost;
  return result;
}

bool ReadWindow::read_ahead(Transport& transport, LentMemory& lent) {
  const ByteSpan free = lent.ahead.free();
  if (!brief_ || free.empty() || ahead_.is_there) return false;
  const ReadResult result = transport.read(free, lent.scratch);
  lent.ahead.keep(result.count);
  ahead_.bytes = free.data();
  ahead_.count = static_cast<std::uint16_t>(result.count);
  ahead_.status = result.status;
  ahead_.more = result.more;
  ahead_.is_there = true;
  return true;
}

ReadResult ReadWindow::use_ahead(Transport& transport, LentMemory& lent, ByteView& bytes) {
  const ReadResult result{.status = ahead_.status, .count = ahead_.count, .more = ahead_.more};
  bytes = {ahead_.bytes, ahead_.count};
  ahead_.is_there = false;
  if (!result.more && kept_.empty() && !ahead_.own) return result;
  kept_.append(bytes);
  bytes = kept_.view();
  ahead_.own.reset();
  return result.more ? read_rest(result, transport, lent, bytes) : result;
}

/// Reads what a read that was made ahead had no room for, behind it.
ReadResult ReadWindow::read_rest(const ReadResult& ahead, Transport& transport, LentMemory& lent, ByteView& bytes) {
  ReadResult rest = read(transport, lent, bytes);
  if (ahead.count == 0) return rest;
  // Whatever is wrong with the rest is found again by the next read, which must be told to come.
  if (is_end(rest.status)) rest.more = true;
  rest.status = IoStatus::ok;
  rest.count += ahead.count;
  return rest;
}

IoStatus ReadWindow::keep_ahead() {
  if (is_end(ahead_.status)) return ahead_.status;
  ahead_.own = std::make_unique<std::uint8_t[]>(ahead_.count);
  std::copy_n(ahead_.bytes, ahead_.count, ahead_.own.get());
  ahead_.bytes = ahead_.own.get();
  return IoStatus::ok;
}

ReadResult ReadWindow::read(Transport& transport, LentMemory& lent, ByteView& bytes) {
  const std::size_t asked = std::size_t{1} << size_log2_;
  const std::size_t kept = kept_.size();
  if (kept + asked > lent.clear.size()) {
    // A long message is being put together: it grows where it is.
    const ReadResult result = transport.read(lent.clear.first(asked), lent.scratch);
    if (result.status == IoStatus::ok) kept_.append(lent.clear.first(result.count));
    bytes = kept_.view();
    adapt(result, asked);
    return result;
  }
  const ReadResult result = transport.read(lent.clear.subspan(kept, asked), lent.scratch);
  if (result.status != IoStatus::ok) {
    bytes = kept_.view();
    return result;
  }
  if (kept > 0) std::memcpy(lent.clear.data(), kept_.view().data(), kept);
  kept_.release();
  bytes = lent.clear.first(kept + result.count);
  adapt(result, asked);
  return result;
}

void ReadWindow::adapt(const ReadResult& result, std::size_t asked) noexcept {
  if (result.more && size_log2_ < kLargest) {
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
