#include "uv/crypto_pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <utility>

namespace uvb {

namespace {

constexpr int kNiceness = 5;

/// On Linux priorities belong to threads, and lowering one's own needs no right.
void lower_priority_once() {
  thread_local bool lowered = false;
  if (lowered) return;
  lowered = true;
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
}

}  // namespace

struct CryptoPool::Request {
  uv_work_t uv{};
  CryptoPool* pool = nullptr;
  std::unique_ptr<Work> work;

  static void run(uv_work_t* request) {
    lower_priority_once();
    static_cast<Request*>(request->data)->work->run();
  }

  static void done(uv_work_t* request, int /*status*/) {
    const std::unique_ptr<Request> self(static_cast<Request*>(request->data));
    self->work->done();
    self->pool->finished();
  }
};

void CryptoPool::submit(std::unique_ptr<Work> work) {
  if (running_ >= limit_) {
    waiting_.push_back(std::move(work));
    return;
  }
  start(std::move(work));
}

void CryptoPool::start(std::unique_ptr<Work> work) {
  auto request = std::make_unique<Request>();
  request->uv.data = request.get();
  request->pool = this;
  request->work = std::move(work);
  ++running_;
  Request* handed_over = request.release();
  uv_queue_work(loop_.handle(), &handed_over->uv, Request::run, Request::done);
}

void CryptoPool::finished() {
  --running_;
  if (waiting_.empty()) return;
  std::unique_ptr<Work> next = std::move(waiting_.front());
  waiting_.pop_front();
  start(std::move(next));
}

}  // namespace uvb
