#include "uv/loop.h"

#include <uv.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "uv/poll.h"

namespace uvb {

/// libuv's own descriptors, all in one: it has something to do for one of them.
class Loop::Backend final : public PollListener {
 public:
  explicit Backend(Loop& loop) : poll_(loop, uv_backend_fd(loop.handle()), *this, {.readable = true}) {
    if (loop.polls().refusals() > 0 || uv_async_init(loop.handle(), life_, nullptr) != 0) {
      throw std::runtime_error("cannot create an event loop");
    }
  }
  ~Backend() override {
    uv_close(reinterpret_cast<uv_handle_t*>(life_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
  }
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  void on_ready(Readiness /*ready*/, bool /*error*/) noexcept override { ready_ = true; }
  bool take_ready() noexcept { return std::exchange(ready_, false); }

 private:
  Poll poll_;
  bool ready_ = false;
  // A loop without a handle is not alive, and would not even look at what its descriptors have for it.
  uv_async_t* life_ = new uv_async_t;
};

void Loop::Closer::operator()(uv_loop_s* loop) const noexcept {
  uv_run(loop, UV_RUN_DEFAULT);
  // A loop that does not end empty has a handle whose owner outlived it: its memory must not be freed under it.
  if (uv_loop_close(loop) != 0) std::abort();
  delete loop;
}

Loop::Loop() {
  auto fresh = std::make_unique<uv_loop_t>();
  if (uv_loop_init(fresh.get()) != 0) throw std::runtime_error("cannot create an event loop");
  loop_.reset(fresh.release());
  backend_ = std::make_unique<Backend>(*this);
}

Loop::~Loop() = default;

void Loop::run() {
  while (!stopped_) turn();
  stopped_ = false;
}

void Loop::call_hooks() {
  for (const std::function<void()>* hook : hooks_) (*hook)();
}

/// As libuv's guide has it for loops inside other loops (uv_backend_fd(), uv_backend_timeout()).
void Loop::turn() {
  call_hooks();
  const int timeout = uv_backend_timeout(loop_.get());
  const bool any = polls_.wait(timeout);
  if (polls_.bulk_waits()) {
    call_hooks();
    polls_.tell_bulk();
  }
  uv_update_time(loop_.get());
  if (backend_->take_ready() || !any || timeout == 0) uv_run(loop_.get(), UV_RUN_NOWAIT);
}

void Loop::stop() { stopped_ = true; }

}  // namespace uvb
