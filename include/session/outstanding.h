#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace uvb {

class Statement;

/// A request for which a server owes an answer (behaviour.md 5.3).
enum class RequestKind : std::uint8_t { query, function_call, sync, parse, bind, describe, close, execute, copy_end };

/// What becomes of its answer.
enum class Disposition : std::uint8_t {
  forward,     ///< the client sees it
  swallow,     ///< the pooler asked for itself
  synthesise,  ///< the server was not asked; the pooler answers in its turn
};

struct Request {
  RequestKind kind{};
  Disposition disposition = Disposition::forward;
  /// Parse: what becomes prepared; injected Close: what is given up. Null else.
  std::shared_ptr<const Statement> statement;
};

/// The answers a server still owes, in order. Knows nothing of bytes; one per server connection; steady traffic does
/// not allocate.
class Outstanding {
 public:
  void push(Request request);
  [[nodiscard]] bool empty() const noexcept { return head_ == requests_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return requests_.size() - head_; }
  [[nodiscard]] const Request* front() const noexcept { return empty() ? nullptr : &requests_[head_]; }

  /// The server answered something that ends a request of `kind`. The head is taken when it is of that kind, or the one
  /// behind a Describe, since QuestDB answers a Bind first; else nothing happens and nullopt comes back (the answer belongs
  /// to a larger one, or is a stray).
  std::optional<Request> answered(RequestKind kind);
  /// ReadyForQuery: takes the head when it is a Sync, Query or FunctionCall. After an error the rest of an aborted
  /// pipeline, up to and including its Sync, goes into `dropped`. False: nobody asked for it.
  bool ready_for_query(std::vector<Request>& dropped);
  /// There is something to answer, and the pooler answers all of it itself.
  [[nodiscard]] bool only_synthesised() const noexcept;
  /// Takes a head that the pooler answers itself, if it is one.
  std::optional<Request> take_synthesised();

  /// The client sent CopyData: every Sync sent before it reaches the server inside its COPY and is ignored there.
  void copy_data_sent() noexcept { copy_mark_ = dropped_ + requests_.size(); }
  /// A COPY FROM STDIN ended, well or by an error. Takes out the CopyDone or CopyFail that ended it and the Syncs the
  /// server ignored meanwhile; never the Query that began it (D1 of behaviour.md 11.1).
  /// True: the client had said that it was done.
  bool copy_finished(bool failed);

  void clear() noexcept;

 private:
  void pop() noexcept;
  void take_out(std::size_t index);
  [[nodiscard]] std::optional<std::size_t> find_answered(RequestKind kind) const noexcept;
  void erase_between(std::size_t from, std::size_t to, bool with_copy_end);

  std::vector<Request> requests_;
  std::size_t head_ = 0;
  std::size_t dropped_ = 0;    ///< requests removed from the front of the vector so far
  std::size_t copy_mark_ = 0;  ///< absolute number of the first request sent after the last CopyData
};

}  // namespace uvb
