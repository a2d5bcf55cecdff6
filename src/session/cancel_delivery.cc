#include "session/cancel_delivery.h"

#include "protocol/startup.h"
#include "transport/plain_transport.h"

namespace uvb {

CancelDelivery::CancelDelivery(SessionContext& context, const ServerAddress& address, std::vector<std::uint8_t> key,
                               std::function<void(CancelOutcome)> done)
    : context_(context), key_(std::move(key)), done_(std::move(done)), started_at_(Loop::now()) {
  connector_ = std::make_unique<Connector>(context_, address,
                                           [this](Result<UniqueFd> result) { on_connected(std::move(result)); });
}

CancelDelivery::~CancelDelivery() = default;

void CancelDelivery::start() { connector_->start(); }

void CancelDelivery::on_connected(Result<UniqueFd> result) {
  if (!result) return finish(CancelOutcome::not_sent);
  transport_ = std::make_unique<PlainTransport>((*result).release());
  poll_.emplace(context_.loop, transport_->descriptor(), *this, Readiness{.readable = true});
  Buffer request;
  append_cancel_request(request, key_);
  const iovec piece = as_iovec(request.view());
  if (transport_->send({&piece, 1}, context_.lent.scratch) == IoStatus::failed) return finish(CancelOutcome::not_sent);
  poll_->watch({.readable = true, .writable = transport_->blocked()});
}

void CancelDelivery::on_ready(Readiness ready, bool error) noexcept {
  if (ready.writable && transport_->flush() == IoStatus::ok) poll_->watch({.readable = true});
  if (!ready.readable && !error) return;
  const ReadResult result = transport_->read(context_.lent.clear, context_.lent.scratch);
  // Whatever the server says here is of no interest; that it closes tells that it has acted.
  if (result.status == IoStatus::ok || result.status == IoStatus::blocked) return;
  finish(CancelOutcome::delivered);
}

void CancelDelivery::tick(TimePoint now) {
  if (now - started_at_ > context_.settings().server_connect_timeout) {
    finish(transport_ ? CancelOutcome::uncertain : CancelOutcome::not_sent);
  }
}

void CancelDelivery::finish(CancelOutcome outcome) {
  poll_.reset();
  // The callback may destroy this object, and with it the callback itself.
  const std::function<void(CancelOutcome)> done = std::move(done_);
  done(outcome);
}

}  // namespace uvb
