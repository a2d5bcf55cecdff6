#include "base/buffer.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace uvb {

namespace {
constexpr std::size_t kSmallest = 128;
}

Buffer::~Buffer() { std::free(memory_); }

void Buffer::swap(Buffer& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(capacity_, other.capacity_);
  std::swap(begin_, other.begin_);
  std::swap(end_, other.end_);
}

void Buffer::grow(std::size_t count) {
  const std::size_t used = size();
  if (used + count <= capacity_ && begin_ >= used) {
    std::memcpy(memory_, memory_ + begin_, used);
    begin_ = 0;
    end_ = used;
    return;
  }
  std::size_t wanted = capacity_ < kSmallest ? kSmallest : capacity_;
  while (wanted < used + count) wanted *= 2;
  auto* fresh = static_cast<std::uint8_t*>(std::malloc(wanted));
  if (fresh == nullptr) throw std::bad_alloc();
  if (used > 0) std::memcpy(fresh, memory_ + begin_, used);
  std::free(memory_);
  memory_ = fresh;
  capacity_ = wanted;
  begin_ = 0;
  end_ = used;
}

void Buffer::append(ByteView bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Buffer::append_byte(std::uint8_t byte) {
  prepare(1)[0] = byte;
  commit(1);
}

void Buffer::append_u16(std::uint16_t value) {
  store_u16(prepare(2).data(), value);
  commit(2);
}

void Buffer::append_u32(std::uint32_t value) {
  store_u32(prepare(4).data(), value);
  commit(4);
}

void Buffer::consume(std::size_t count) noexcept {
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Buffer::release() noexcept {
  std::free(memory_);
  memory_ = nullptr;
  capacity_ = begin_ = end_ = 0;
}

void Buffer::wipe() noexcept {
  if (memory_ != nullptr) explicit_bzero(memory_, capacity_);
  release();
}

}  // namespace uvb
