#include "session/client_login.h"

#include <fmt/format.h>

#include "protocol/startup.h"
#include "protocol/write.h"
#include "transport/plain_transport.h"

namespace uvb {

namespace {
constexpr std::uint8_t kTlsHandshakeRecord = 0x16;
constexpr std::size_t kLongestGarbage = 65536;
}  // namespace

bool ClientLogin::tls_offered() const noexcept {
  return !client_.address_->is_unix && context_.snapshot->client_tls != nullptr;
}

void ClientLogin::on_bytes() {
  // A message can end the login and this object with it.
  ClientSession& client = client_;
  while (wants_bytes() && !client.window_.empty()) {
    const std::size_t before = client.window_.kept().size();
    if (step_ == Step::first_packet) {
      if (!on_first_packet()) return;
    } else {
      on_auth_message();
    }
    if (client.login_.get() != this || client.phase_ != ClientPhase::login) return;
    if (client.window_.kept().size() == before) break;
  }
  client.update_interest();
}

/// false: nothing more can be done now (or all is over).
bool ClientLogin::on_first_packet() {
  const ByteView unread = client_.window_.kept();
  if (unread[0] == kTlsHandshakeRecord && tls_offered() && tls_ == nullptr) {
    start_tls();
    return false;
  }
  const FirstPacket packet = read_first_packet(unread, context_.settings().max_packet_size);
  switch (packet.kind) {
    case FirstPacketKind::incomplete: client_.update_interest(); return false;
    case FirstPacketKind::bad_header: client_.fail(bad_header_text(unread)); return false;
    case FirstPacketKind::v2: client_.fail(kOldProtocolText); return false;
    case FirstPacketKind::ssl_request: return on_ssl_request(packet.size, unread.size());
    case FirstPacketKind::gss_request: return on_gss_request(packet.size, unread.size());
    case FirstPacketKind::cancel: {
      if (packet.body.size() != std::tuple_size_v<ClientSession::Key>) {
        client_.close("bad cancel request");
        return false;
      }
      client_.phase_ = ClientPhase::cancel;
      client_.last_packet_ = Loop::now();
      context_.services.cancel(client_, packet.body);
      return false;
    }
    case FirstPacketKind::typed:
      // A text such as an HTTP request is a message of absurd length: nothing is said before its time is over.
      if (unread.size() < packet.head.size && unread.size() < kLongestGarbage) return false;
      if (packet.head.type == 'p') {
        client_.fail("client password pkt before startup packet");
      } else {
        client_.close("bad packet");
      }
      return false;
    case FirstPacketKind::startup: {
      const std::vector<std::uint8_t> body(packet.body.begin(), packet.body.end());
      client_.window_.done(unread, packet.size);
      on_startup(body, packet.minor);
      return false;
    }
  }
  return false;
}

void ClientLogin::answer(char byte) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(byte)};
  client_.say(bytes);
}

bool ClientLogin::on_ssl_request(std::size_t size, std::size_t at_hand) {
  if (tls_ != nullptr) {
    client_.close("SSL req inside SSL");
    return false;
  }
  if (!tls_offered()) {
    client_.window_.done(client_.window_.kept(), size);
    answer('N');
    return true;
  }
  // Bytes behind the request did not come through TLS: somebody may have put them there (CVE-2021-23214).
  if (at_hand > size) {
    client_.fail("received unencrypted data after SSL request");
    return false;
  }
  client_.window_.done(client_.window_.kept(), size);
  answer('S');
  start_tls();
  return false;
}

bool ClientLogin::on_gss_request(std::size_t size, std::size_t at_hand) {
  if (at_hand > size) {
    client_.fail("received unencrypted data after GSSAPI encryption request");
    return false;
  }
  client_.window_.done(client_.window_.kept(), size);
  answer('N');
  return true;
}

void ClientLogin::start_tls() {
  auto tls = std::make_unique<TlsTransport>(client_.transport_->release_descriptor(),
                                            TlsEngine::accept(context_.snapshot->client_tls));
  tls_ = tls.get();
  client_.transport_ = std::move(tls);
  step_ = Step::tls_handshake;
  if (client_.window_.empty()) return client_.update_interest();
  // Direct TLS: the handshake began with the connection's first byte.
  tls_->engine().feed(client_.window_.kept());
  client_.window_.clear();
  handshake_step();
}

void ClientLogin::on_readable() {
  const ReadResult result = tls_->read_cipher(context_.lent.scratch);
  if (result.status == IoStatus::blocked) return;
  if (result.status != IoStatus::ok) return client_.close("client unexpected eof");
  client_.silent_ = false;
  handshake_step();
}

/// A handshake step may hold the private-key work, which takes a millisecond or more: not on a loop that others need.
void ClientLogin::handshake_step() {
  if (tls_->engine().lacks_only_finished()) return on_handshake(tls_->engine().handshake());
  if (context_.handshakes.any_left()) return handshake_on_loop();
  auto status = std::make_shared<TlsStatus>(TlsStatus::failed);
  off_loop_.run_quietly(
      context_.crypto,
      [tls = tls_, status] {
        *status = tls->engine().handshake();
        // The flight leaves from here, and what the client answers brings the loop back to it.
        const bool flight = *status == TlsStatus::needs_input && tls->pending() > 0;
        return flight && tls->send_cipher() == IoStatus::ok;
      },
      [this, status] { on_handshake(*status); });
}

void ClientLogin::handshake_on_loop() {
  const Micros before = thread_cpu_time();
  const TlsStatus status = tls_->engine().handshake();
  context_.handshakes.spend(thread_cpu_time() - before, context_.clock.now());
  on_handshake(status);
}

void ClientLogin::on_handshake(TlsStatus status) {
  const bool sent = tls_->send_cipher() != IoStatus::failed;
  if (status == TlsStatus::failed || status == TlsStatus::closed || !sent) {
    context_.log.warning(fmt::format("{}TLS handshake error: {}", client_.log_prefix(), tls_->handshake_error()));
    return client_.close("TLS handshake failed");
  }
  if (status == TlsStatus::needs_input) return client_.update_interest();
  step_ = Step::first_packet;
  // The startup packet can have come with the end of the handshake: it is in the engine now, no socket would tell.
  client_.update_interest();
  client_.on_readable();
}

void ClientLogin::give_up() { off_loop_.abandon(std::move(client_.transport_), std::move(authenticator_)); }

std::string ClientLogin::database_shown() const {
  const bool exists = state_ || is_console_;
  const bool known = exists && context_.snapshot->users->contains(request_.user);
  return known || user_for_all() ? request_.database : std::string("(nodb)");
}

void ClientLogin::tick(TimePoint now) {
  const Micros limit = context_.settings().client_login_timeout;
  // Somebody else's question to the server may have been answered on another worker, or take too long.
  if (limit <= Micros{} || now - client_.connected_at_ <= limit) return on_probe();
  client_.fail(awaits_server() ? "client_login_timeout (server down)" : "client_login_timeout");
}

}  // namespace uvb
