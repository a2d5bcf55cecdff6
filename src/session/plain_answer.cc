#include "session/plain_answer.h"

#include "protocol/frame.h"
#include "protocol/messages.h"

namespace uvb {

namespace {

/// Steps through the requests that are owed an answer, as the answers come.
class Requests {
 public:
  explicit Requests(const Outstanding& outstanding) noexcept : outstanding_(outstanding) {}

  [[nodiscard]] bool next_is(RequestKind kind) const noexcept { return outstanding_.is_plain(at_, kind); }
  /// The next one is of `kind`, and answered by what came.
  bool take(RequestKind kind) noexcept {
    if (!next_is(kind)) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool all_taken() const noexcept { return at_ == outstanding_.size(); }

 private:
  const Outstanding& outstanding_;
  std::size_t at_ = 0;
};

/// A message in front of the ReadyForQuery belongs to the next request, as it should.
bool belongs(char type, ByteView body, Requests& requests) noexcept {
  switch (type) {
    case 'D':
    case 't': return true;
    case '1': return requests.take(RequestKind::parse);
    case '2': return requests.take(RequestKind::bind);
    case '3': return requests.take(RequestKind::close);
    case 'n': return requests.take(RequestKind::describe);
    case 'T': return requests.take(RequestKind::describe) || requests.next_is(RequestKind::query);
    case 'C':
      if (clears_statements(body)) return false;
      return requests.take(RequestKind::execute) || requests.next_is(RequestKind::query);
    default: return false;
  }
}

}  // namespace

std::optional<char> plain_answer(ByteView bytes, const Outstanding& outstanding,
                                 std::uint32_t max_packet_size) noexcept {
  if (bytes.size() > kLongestPlainAnswer || !outstanding.in_step()) return std::nullopt;
  Requests requests(outstanding);
  MessageHead head;
  while (read_head(bytes, max_packet_size, head) == HeadStatus::ok && head.size <= bytes.size()) {
    const ByteView body = bytes.subspan(kHeadSize, head.body_size());
    if (head.type == 'Z') {
      const bool last = head.size == bytes.size() &&
                        (requests.take(RequestKind::sync) || requests.take(RequestKind::query)) && requests.all_taken();
      return last ? read_ready_status(body) : std::nullopt;
    }
    if (!belongs(head.type, body, requests)) return std::nullopt;
    bytes = bytes.subspan(head.size);
  }
  return std::nullopt;
}

}  // namespace uvb
