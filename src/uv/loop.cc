#include "uv/loop.h"

#include <uv.h>

#include <cstdlib>
#include <stdexcept>

namespace uvb {

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
}

Loop::~Loop() = default;

void Loop::run() { uv_run(loop_.get(), UV_RUN_DEFAULT); }

void Loop::stop() { uv_stop(loop_.get()); }

}  // namespace uvb
