#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
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
  /// With a statement: whether the server knows it, when pushed in front of the request, when dropped from now on.
  bool known = false;
  /// It may make the server give up all its statements.
  bool gives_up_all = false;
};

/// The answers a server still owes, in order. Knows nothing of bytes; one per server connection; steady traffic does
/// not allocate.
class Outstanding {
 public:
  void push(Request request);
  /// The same for most: the client sees the answer, and no statement comes or goes.
  void push(RequestKind kind);
  [[nodiscard]] bool empty() const noexcept { return head_ == requests_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return requests_.size() - head_; }
  /// So many that nothing more should be asked before some were answered.
  [[nodiscard]] bool full() const noexcept { return size() >= kMost; }
  [[nodiscard]] const Request* front() const noexcept { return empty() ? nullptr : &requests_[head_]; }

  /// No error was seen since the last ReadyForQuery, and what is owed is certain().
  [[nodiscard]] bool in_step() const noexcept { return certain() && !error_ && !copy_failed_; }
  /// The request `behind` places behind the head is of `kind`, the client sees its answer, and no statement comes or
  /// goes by it.
  [[nodiscard]] bool is_plain(std::size_t behind, RequestKind kind) const noexcept {
    if (behind >= size()) return false;
    const Request& request = requests_[head_ + behind];
    return request.kind == kind && request.disposition == Disposition::forward && request.statement == nullptr &&
           !request.gives_up_all;
  }
  /// Everything was answered, see plain_answer().
  void all_answered() noexcept {
    requests_.clear();
    head_ = 0;
  }
  /// The server answered something that ends a request of `kind`. The head is taken when it is of that kind, or the one
  /// behind a Describe, since QuestDB answers a Bind first; else nothing happens and nullopt comes back (the answer
  /// belongs to a larger one, or is a stray).
  std::optional<Disposition> answered(RequestKind kind);
  /// Part of an answer came; ReadyForQuery, errors and what servers say unasked do not count.
  void answer_seen() noexcept { doubtful_ = 0; }
  void error_seen() noexcept { error_ = true; }
  /// ReadyForQuery: takes the head when it is a Sync, Query or FunctionCall. After an error the rest of an aborted
  /// pipeline, up to and including its Sync, goes into `dropped`. Those keep their statement that were the last to name
  /// it; what others left behind is up to the requests that name it yet. False: nobody asked for it.
  bool ready_for_query(std::vector<Request>& dropped);
  /// There is something to answer, and the pooler answers all of it itself.
  [[nodiscard]] bool only_synthesised() const noexcept;
  /// The head is one that the pooler answers itself.
  [[nodiscard]] bool synthesised_next() const noexcept {
    return !empty() && requests_[head_].disposition == Disposition::synthesise;
  }
  /// Takes a head that the pooler answers itself, if it is one.
  std::optional<Request> take_synthesised();

  /// A COPY FROM STDIN ended, well or by an error. Takes out the CopyDone or CopyFail that ended it and the Syncs the
  /// server ignored meanwhile; never the Query that began it (D1 of behaviour.md 11.1).
  /// True: the client had said that it was done.
  bool copy_finished(bool failed);
  /// False: the server may answer once more than is known. It ignores a Sync that it reads inside a COPY and answers
  /// one that it reads behind the error that ended the COPY, and only it knows which happened.
  [[nodiscard]] bool certain() const noexcept { return doubtful_ == 0 && !lost_; }
  /// Whether a Parse or Close of `statement` is on its way which an error can make the server skip while it does not
  /// skip what is sent now: a Sync or a Query stands between them.
  [[nodiscard]] bool unconfirmed(const Statement* statement) const noexcept;
  /// Whether a request is on its way which may make the server give up `statement` with all others.
  [[nodiscard]] bool may_be_given_up(const Statement* statement) const noexcept;
  /// Calls `use` with each request, in order.
  template <class F>
  void for_each(F use) const {
    for (std::size_t at = head_; at < requests_.size(); ++at) use(requests_[at]);
  }
  /// The server gave up all statements it knew when it had answered what it answered yet.
  void statements_gone() noexcept;

 private:
  /// The Parse and Close messages of one statement that were not answered yet.
  struct Unanswered {
    std::size_t count = 0;
    std::uint64_t last_batch = 0;
    std::uint64_t give_ups = 0;  ///< Outstanding::give_ups_ in front of the last of them
    bool known = false;          ///< by the server, when it had answered what it answered yet
  };

  static constexpr std::size_t kMost = std::size_t{1} << 16;

  void make_room();
  Request take();
  Request drop();
  void pop() noexcept;
  [[nodiscard]] std::optional<std::size_t> find_answered(RequestKind kind) const noexcept;
  void settle(const Request& request) noexcept;
  [[nodiscard]] bool take_doubtful(bool error, bool first, std::vector<Request>& dropped);
  bool take_next(std::vector<Request>& dropped);

  std::vector<Request> requests_;
  std::size_t head_ = 0;
  std::size_t doubtful_ = 0;             ///< Syncs of a failed COPY that the server ignored, or will answer yet
  bool lost_ = false;                    ///< what the next ReadyForQuery answers can not be known any more
  bool copy_failed_ = false;             ///< and its ReadyForQuery is still to come
  bool error_ = false;                   ///< since the last ReadyForQuery
  std::uint64_t batch_ = 0;              ///< what one error makes the server skip has the same number
  std::uint64_t give_ups_ = 0;           ///< requests so far that may make the server give up all statements
  std::size_t give_ups_unanswered_ = 0;  ///< those of them that were not answered yet
  std::unordered_map<const Statement*, Unanswered> unanswered_;
};

}  // namespace uvb
