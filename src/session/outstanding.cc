#include "session/outstanding.h"

#include <algorithm>
#include <utility>

namespace uvb {

namespace {

bool ends_with_ready(RequestKind kind) {
  return kind == RequestKind::sync || kind == RequestKind::query || kind == RequestKind::function_call;
}

// Requests that were answered stay in the vector until they are this many, so that popping is cheap.
constexpr std::size_t kCompactAt = 64;

}  // namespace

void Outstanding::push(Request request) {
  if (head_ >= kCompactAt) {
    requests_.erase(requests_.begin(), requests_.begin() + static_cast<std::ptrdiff_t>(head_));
    dropped_ += head_;
    head_ = 0;
  }
  requests_.push_back(std::move(request));
}

void Outstanding::pop() noexcept {
  requests_[head_].statement.reset();
  ++head_;
  // A CopyDone that met no COPY has no answer: it must not keep its successors waiting (D4).
  while (head_ < requests_.size() && requests_[head_].kind == RequestKind::copy_end) ++head_;
  if (head_ == requests_.size()) {
    dropped_ += head_;
    requests_.clear();
    head_ = 0;
  }
}

std::optional<Request> Outstanding::answered(RequestKind kind) {
  const std::optional<std::size_t> index = find_answered(kind);
  if (!index) return std::nullopt;
  Request taken = std::move(requests_[*index]);
  take_out(*index);
  return taken;
}

std::optional<std::size_t> Outstanding::find_answered(RequestKind kind) const noexcept {
  for (std::size_t i = head_; i < requests_.size(); ++i) {
    const bool synthesised = requests_[i].disposition == Disposition::synthesise;
    if (requests_[i].kind == kind && !synthesised) return i;
    const bool behind_describe = requests_[head_].kind == RequestKind::describe;
    if (!behind_describe || (requests_[i].kind != RequestKind::describe && !synthesised)) break;
  }
  return std::nullopt;
}

void Outstanding::take_out(std::size_t index) {
  if (index == head_) return pop();
  if (copy_mark_ > dropped_ + index) --copy_mark_;
  requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(index));
}

bool Outstanding::ready_for_query(std::vector<Request>& dropped) {
  while (!empty() && !ends_with_ready(requests_[head_].kind)) {
    dropped.push_back(std::move(requests_[head_]));
    pop();
  }
  if (empty()) return !dropped.empty();
  // In an aborted pipeline a later Query is not what the server skipped to: only a Sync ends it, and the server would
  // have skipped the Query, too.
  if (!dropped.empty()) {
    while (!empty() && requests_[head_].kind != RequestKind::sync) {
      dropped.push_back(std::move(requests_[head_]));
      pop();
    }
    if (empty()) return true;
  }
  pop();
  return true;
}

bool Outstanding::only_synthesised() const noexcept {
  if (empty() || requests_[head_].disposition != Disposition::synthesise) return false;
  return std::all_of(requests_.begin() + static_cast<std::ptrdiff_t>(head_), requests_.end(),
                     [](const Request& request) { return request.disposition == Disposition::synthesise; });
}

std::optional<Request> Outstanding::take_synthesised() {
  if (empty() || requests_[head_].disposition != Disposition::synthesise) return std::nullopt;
  Request taken = std::move(requests_[head_]);
  pop();
  return taken;
}

bool Outstanding::copy_finished(bool failed) {
  const auto begin = requests_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto end_of_copy =
      std::find_if(begin, requests_.end(), [](const Request& request) { return request.kind == RequestKind::copy_end; });
  const bool ended_by_client = end_of_copy != requests_.end();
  if (!ended_by_client && !failed) return false;
  const std::size_t mark = copy_mark_ > dropped_ ? copy_mark_ - dropped_ : 0;
  const std::size_t limit = ended_by_client ? static_cast<std::size_t>(end_of_copy - requests_.begin())
                                            : std::min(mark, requests_.size());
  erase_between(head_, limit, ended_by_client);
  return ended_by_client;
}

void Outstanding::erase_between(std::size_t from, std::size_t to, bool with_copy_end) {
  const auto at = [this](std::size_t index) { return requests_.begin() + static_cast<std::ptrdiff_t>(index); };
  if (with_copy_end) requests_.erase(at(to));
  if (to > from) {
    requests_.erase(std::remove_if(at(from), at(to), [](const Request& request) { return request.kind == RequestKind::sync; }),
                    at(to));
  }
  if (head_ == requests_.size()) clear();
}

void Outstanding::clear() noexcept {
  requests_.clear();
  head_ = dropped_ = copy_mark_ = 0;
}

}  // namespace uvb
