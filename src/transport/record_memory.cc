#include "transport/record_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdlib>

namespace uvb {

namespace {

// Records of 8 and of 16 KiB, with what OpenSSL puts around them.
constexpr std::size_t kLeast = 8192;
constexpr std::size_t kMost = 20480;

/// The buffers one thread has at hand.
class Shelf {
 public:
  ~Shelf() {
    while (count_ > 0) std::free(blocks_[--count_]);
    // OpenSSL may still free something while the thread ends.
    closed_ = true;
  }

  /// Null when none fits.
  void* take(std::size_t size) noexcept {
    for (std::size_t at = count_; at > 0; --at) {
      void* block = blocks_[at - 1];
      if (malloc_usable_size(block) < size) continue;
      blocks_[at - 1] = blocks_[--count_];
      return block;
    }
    return nullptr;
  }

  bool put(void* block) noexcept {
    if (closed_ || count_ == blocks_.size()) return false;
    blocks_[count_++] = block;
    return true;
  }

 private:
  std::array<void*, 8> blocks_{};
  std::size_t count_ = 0;
  bool closed_ = false;
};

Shelf& shelf() noexcept {
  thread_local Shelf mine;
  return mine;
}

extern "C" void* take_memory(std::size_t size, const char* /*file*/, int /*line*/) noexcept {
  if (size >= kLeast && size <= kMost) {
    if (void* block = shelf().take(size)) return block;
  }
  return std::malloc(size);
}

extern "C" void* change_memory(void* block, std::size_t size, const char* /*file*/, int /*line*/) noexcept {
  return std::realloc(block, size);
}

extern "C" void give_memory(void* block, const char* /*file*/, int /*line*/) noexcept {
  if (block == nullptr) return;
  const std::size_t size = malloc_usable_size(block);
  if (size >= kLeast && size <= kMost && shelf().put(block)) return;
  std::free(block);
}

}  // namespace

bool keep_record_memory() noexcept { return CRYPTO_set_mem_functions(take_memory, change_memory, give_memory) == 1; }

}  // namespace uvb
