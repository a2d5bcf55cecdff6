#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace uvb {

/// Bytes in order: appended behind, taken from the front. Owns no memory while never used or after
/// release(), so that an idle connection costs nothing. Move-only. Not thread-safe. Memory is
/// plain heap memory; when a secret may be inside, call wipe() before letting go.
class Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] ByteView view() const noexcept { return {memory_ + begin_, size()}; }
  [[nodiscard]] std::uint8_t* data() noexcept { return memory_ + begin_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Room for `count` more bytes; write there, then commit() what was written.
  [[nodiscard]] ByteSpan prepare(std::size_t count) {
    if (capacity_ - end_ < count) grow(count);
    return {memory_ + end_, capacity_ - end_};
  }
  void commit(std::size_t count) noexcept { end_ += count; }

  void append(ByteView bytes);
  void append(std::string_view text) { append(as_bytes(text)); }
  void append_byte(std::uint8_t byte);
  void append_u16(std::uint16_t value);
  void append_u32(std::uint32_t value);

  /// Forgets the first `count` bytes (at most size()).
  void consume(std::size_t count) noexcept;
  /// Forgets everything, keeps the memory.
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets everything and gives the memory back.
  void release() noexcept;
  /// Overwrites the memory with zeros and gives it back.
  void wipe() noexcept;

 private:
  void swap(Buffer& other) noexcept;
  void grow(std::size_t count);

  std::uint8_t* memory_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace uvb
