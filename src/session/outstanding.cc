#include "session/outstanding.h"

#include <algorithm>
#include <utility>

namespace uvb {

namespace {

/// It has the server prepare a statement, or give one up.
bool names_statement(const Request& request) {
  return request.statement != nullptr && request.disposition != Disposition::synthesise;
}

bool ends_with_ready(RequestKind kind) {
  return kind == RequestKind::sync || kind == RequestKind::query || kind == RequestKind::function_call;
}

// Requests that were answered stay in the vector until they are this many, so that popping is cheap.
constexpr std::size_t kCompactAt = 64;

}  // namespace

void Outstanding::make_room() {
  if (head_ < kCompactAt) return;
  requests_.erase(requests_.begin(), requests_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
}

void Outstanding::push(RequestKind kind) {
  make_room();
  if (ends_with_ready(kind)) ++batch_;
  requests_.emplace_back().kind = kind;
}

void Outstanding::push(Request request) {
  make_room();
  if (names_statement(request)) {
    Unanswered& entry = unanswered_[request.statement.get()];
    if (++entry.count == 1) entry.known = request.known;
    entry.last_batch = batch_;
    entry.give_ups = give_ups_;
  }
  if (request.gives_up_all) {
    ++give_ups_;
    ++give_ups_unanswered_;
  }
  if (ends_with_ready(request.kind)) ++batch_;
  requests_.push_back(std::move(request));
}

bool Outstanding::unconfirmed(const Statement* statement) const noexcept {
  if (unanswered_.empty()) return false;
  const auto found = unanswered_.find(statement);
  return found != unanswered_.end() && found->second.last_batch != batch_;
}

bool Outstanding::may_be_given_up(const Statement* statement) const noexcept {
  if (give_ups_unanswered_ == 0) return false;
  const auto found = unanswered_.find(statement);
  return found == unanswered_.end() || found->second.give_ups != give_ups_;
}

/// It was answered: what the server knows is its doing.
void Outstanding::settle(const Request& request) noexcept {
  if (!names_statement(request)) return;
  const auto found = unanswered_.find(request.statement.get());
  found->second.known = request.kind == RequestKind::parse;
  if (--found->second.count == 0) unanswered_.erase(found);
}

Request Outstanding::take() {
  Request taken = std::move(requests_[head_]);
  pop();
  return taken;
}

/// Takes a head that the server skipped.
Request Outstanding::drop() {
  Request dropped = take();
  bool last = false;
  if (names_statement(dropped)) {
    const auto found = unanswered_.find(dropped.statement.get());
    dropped.known = found->second.known;
    last = --found->second.count == 0;
    if (last) unanswered_.erase(found);
  }
  if (!last) dropped.statement.reset();
  return dropped;
}

void Outstanding::statements_gone() noexcept {
  for (auto& [statement, entry] : unanswered_) entry.known = false;
}

void Outstanding::pop() noexcept {
  Request& head = requests_[head_];
  head.statement.reset();
  if (head.gives_up_all) --give_ups_unanswered_;
  ++head_;
  // A CopyDone that met no COPY has no answer: it must not keep its successors waiting (D4).
  while (head_ < requests_.size() && requests_[head_].kind == RequestKind::copy_end) ++head_;
  if (empty()) all_answered();
}

std::optional<Disposition> Outstanding::answered(RequestKind kind) {
  const std::optional<std::size_t> index = find_answered(kind);
  if (!index) return std::nullopt;
  const Request& request = requests_[*index];
  const Disposition disposition = request.disposition;
  settle(request);
  if (*index == head_) {
    pop();
  } else {
    if (request.gives_up_all) --give_ups_unanswered_;
    requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(*index));
  }
  return disposition;
}

std::optional<std::size_t> Outstanding::find_answered(RequestKind kind) const noexcept {
  if (empty()) return std::nullopt;
  const Request& head = requests_[head_];
  if (head.kind == kind && head.disposition != Disposition::synthesise) return head_;
  if (head.kind != RequestKind::describe) return std::nullopt;
  for (std::size_t i = head_ + 1; i < requests_.size(); ++i) {
    const bool synthesised = requests_[i].disposition == Disposition::synthesise;
    if (requests_[i].kind == kind && !synthesised) return i;
    if (requests_[i].kind != RequestKind::describe && !synthesised) break;
  }
  return std::nullopt;
}

bool Outstanding::ready_for_query(std::vector<Request>& dropped) {
  const bool error = std::exchange(error_, false);
  const bool first = std::exchange(copy_failed_, false);
  if (doubtful_ > 0 && take_doubtful(error, first, dropped)) return true;
  return take_next(dropped) || lost_;
}

/// A ReadyForQuery while Syncs are in doubt. True: it can only have answered one of them. Else it is some other
/// request's, or it makes no difference: each of two Syncs has its answer in the end.
bool Outstanding::take_doubtful(bool error, bool first, std::vector<Request>& dropped) {
  if (!error) {
    if (!empty() && requests_[head_].kind == RequestKind::sync) return false;
    --doubtful_;
    return true;
  }
  if (!empty() && first && ends_with_ready(requests_[head_].kind)) return false;
  const auto next =
      std::find_if(requests_.begin() + static_cast<std::ptrdiff_t>(head_) + (empty() ? 0 : 1), requests_.end(),
                   [](const Request& request) { return request.kind != RequestKind::copy_end; });
  if (first && next == requests_.end()) {
    while (!empty()) {
      dropped.push_back(drop());
    }
    --doubtful_;
    return true;
  }
  lost_ = lost_ || !first || next->kind != RequestKind::sync;
  return false;
}

bool Outstanding::take_next(std::vector<Request>& dropped) {
  while (!empty() && !ends_with_ready(requests_[head_].kind)) {
    dropped.push_back(drop());
  }
  if (empty()) return !dropped.empty();
  // In an aborted pipeline a later Query is not what the server skipped to: only a Sync ends it, and the server would
  // have skipped the Query, too.
  if (!dropped.empty()) {
    while (!empty() && requests_[head_].kind != RequestKind::sync) {
      dropped.push_back(drop());
    }
    if (empty()) return true;
  }
  pop();
  return true;
}

bool Outstanding::only_synthesised() const noexcept {
  if (!synthesised_next()) return false;
  return std::all_of(requests_.begin() + static_cast<std::ptrdiff_t>(head_), requests_.end(),
                     [](const Request& request) { return request.disposition == Disposition::synthesise; });
}

std::optional<Request> Outstanding::take_synthesised() {
  if (!synthesised_next()) return std::nullopt;
  return take();
}

bool Outstanding::copy_finished(bool failed) {
  const auto begin = requests_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto copy_end = std::find_if(begin, requests_.end(),
                                     [](const Request& request) { return request.kind == RequestKind::copy_end; });
  const bool ended_by_client = copy_end != requests_.end();
  copy_failed_ = failed;
  if (!ended_by_client && !failed) return false;
  const auto is_sync = [](const Request& request) { return request.kind == RequestKind::sync; };
  if (!failed) {
    requests_.erase(std::remove_if(begin, copy_end, is_sync), std::next(copy_end));
    return true;
  }
  // Any other request ends the COPY if it is read inside it: what stands behind one is certain again.
  const auto first = begin == requests_.end() || begin == copy_end ? begin : std::next(begin);
  const auto last = std::find_if_not(first, requests_.end(), is_sync);
  const auto to_copy_end = copy_end - last;
  doubtful_ += static_cast<std::size_t>(last - first);
  const auto rest = requests_.erase(first, last);
  if (ended_by_client) requests_.erase(rest + to_copy_end);
  return ended_by_client;
}

}  // namespace uvb
