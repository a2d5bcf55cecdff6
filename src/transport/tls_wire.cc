#include "transport/tls_wire.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace uvb {

namespace {

// RFC 8446 5.1: type, version, length; types 20 (change_cipher_spec) to 24 (heartbeat).
constexpr std::size_t kHeadSize = 5;
constexpr std::uint8_t kLowestType = 20;
constexpr std::uint8_t kHighestType = 24;
constexpr std::uint8_t kMajorVersion = 3;
// RFC 5246 6.2.3; RFC 8446 allows less.
constexpr std::size_t kLargestBody = 16384 + 2048;

TlsWire& wire_of(BIO* bio) { return *static_cast<TlsWire*>(BIO_get_data(bio)); }

extern "C" int wire_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) noexcept {
  wire_of(bio).put(as_bytes({bytes, size}));
  *written = size;
  return 1;
}

extern "C" int wire_read(BIO* bio, char* into, std::size_t size, std::size_t* count) noexcept {
  BIO_clear_retry_flags(bio);
  *count = wire_of(bio).take({reinterpret_cast<std::uint8_t*>(into), size});
  if (*count > 0) return 1;
  BIO_set_retry_read(bio);
  return -1;
}

extern "C" long wire_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

struct DeleteMethod {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};
using MethodPtr = std::unique_ptr<BIO_METHOD, DeleteMethod>;

MethodPtr make_method() {
  MethodPtr method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "uvbouncer wire"));
  BIO_meth_set_write_ex(method.get(), wire_write);
  BIO_meth_set_read_ex(method.get(), wire_read);
  BIO_meth_set_ctrl(method.get(), wire_control);
  return method;
}

}  // namespace

OpenSslPtr<BIO> TlsWire::bio() {
  // A table of functions, the same for all and never changed; it must outlive every BIO.
  static const MethodPtr method = make_method();
  OpenSslPtr<BIO> bio(BIO_new(method.get()));
  BIO_set_data(bio.get(), this);
  BIO_set_init(bio.get(), 1);
  return bio;
}

void TlsWire::give_back_input() {
  if (!lent_input_.empty()) stash_.append(lent_input_);
  lent_input_ = {};
  if (stash_.empty()) stash_.release();
}

std::uint8_t TlsWire::input_at(std::size_t index) const noexcept {
  return index < stash_.size() ? stash_.view()[index] : lent_input_[index - stash_.size()];
}

/// Size of the record whose head is there; everything there is when it is no TLS record.
std::size_t TlsWire::record_at_head() const noexcept {
  const std::uint8_t type = input_at(0);
  const std::size_t body = (std::size_t{input_at(3)} << 8) | input_at(4);
  const bool record =
      type >= kLowestType && type <= kHighestType && input_at(1) == kMajorVersion && body <= kLargestBody;
  return record ? kHeadSize + body : input_size();
}

bool TlsWire::has_record() const noexcept {
  if (granted_ > 0) return true;
  return input_size() >= kHeadSize && record_at_head() <= input_size();
}

std::size_t TlsWire::missing() const noexcept {
  if (input_size() == 0) return 0;
  if (input_size() < kHeadSize) return kHeadSize - input_size();
  const std::size_t record = record_at_head();
  return record > input_size() ? record - input_size() : 0;
}

std::size_t TlsWire::take(ByteSpan into) noexcept {
  if (granted_ == 0 && has_record()) granted_ = record_at_head();
  const std::size_t count = std::min(into.size(), granted_);
  const std::size_t stashed = std::min(count, stash_.size());
  if (stashed > 0) {
    std::memcpy(into.data(), stash_.view().data(), stashed);
    stash_.consume(stashed);
  }
  if (count > stashed) {
    std::memcpy(into.data() + stashed, lent_input_.data(), count - stashed);
    lent_input_ = lent_input_.subspan(count - stashed);
  }
  granted_ -= count;
  return count;
}

void TlsWire::lend_output(ByteSpan memory) noexcept {
  lent_output_ = memory;
  lent_used_ = 0;
}

void TlsWire::reserve(std::size_t size) {
  if (lent_output_.empty()) static_cast<void>(output_.prepare(size));
}

void TlsWire::put(ByteView ciphertext) {
  if (output_.empty() && ciphertext.size() <= lent_output_.size() - lent_used_) {
    std::memcpy(lent_output_.data() + lent_used_, ciphertext.data(), ciphertext.size());
    lent_used_ += ciphertext.size();
    return;
  }
  output_.append(ciphertext);
}

void TlsWire::give_back_output(std::size_t sent) {
  const std::size_t sent_lent = std::min(sent, lent_used_);
  const ByteView left = lent_output().subspan(sent_lent);
  output_.consume(sent - sent_lent);
  if (!left.empty()) {
    // The socket took less than the lent part, so all of output_ comes behind what is left of it.
    Buffer joined;
    static_cast<void>(joined.prepare(left.size() + output_.size()));
    joined.append(left);
    joined.append(output_.view());
    output_ = std::move(joined);
  }
  lent_output_ = {};
  lent_used_ = 0;
  if (output_.empty()) output_.release();
}

}  // namespace uvb
