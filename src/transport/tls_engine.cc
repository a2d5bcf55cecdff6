#include "transport/tls_engine.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <utility>

#include "transport/certificate_names.h"
#include "transport/channel_binding.h"
#include "transport/openssl.h"
#include "transport/tls_wire.h"

namespace uvb {

namespace {

// What the smallest record costs beyond its clear bytes: head 5, AEAD tag 16, TLS 1.3 content type 1.
constexpr std::size_t kLeastOverhead = 22;
// What the largest costs: head, CBC IV, padding and MAC of old suites.
constexpr std::size_t kMostOverhead = 128;

// Reading makes output only to answer key updates. A peer that never takes the answers must not pile them up here.
constexpr std::size_t kMostAnswers = 16384;

constexpr std::array<unsigned char, 11> kAlpnOffer{10, 'p', 'o', 's', 't', 'g', 'r', 'e', 's', 'q', 'l'};

// Finished with an empty Certificate takes 110 to 130 bytes, and a startup packet can come along. A certificate whose
// check takes time does not fit beside them.
constexpr std::size_t kLargestFinish = 384;

/// SSL_get_error() is misled by what earlier calls left in this thread's queue, which is empty nearly always.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

struct TlsEngine::State {
  State(std::shared_ptr<const TlsContext> used, std::string host_name)
      : context(std::move(used)), host(std::move(host_name)), ssl(SSL_new(context->get())) {
    BIO* bio = wire.bio().release();
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_msg_callback(ssl.get(), note_message);
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, this);
  }

  TlsStatus fail(std::string reason) {
    error = std::move(reason);
    broken = true;
    return TlsStatus::failed;
  }

  TlsStatus explain(int returned, const char* action);
  std::string failure_text(const char* action) const;
  bool readable() const noexcept {
    return broken || wire.has_record() || SSL_pending(ssl.get()) > 0 ||
           (SSL_get_shutdown(ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  [[nodiscard]] bool finished_sent() const noexcept { return SSL_get_finished(ssl.get(), nullptr, 0) > 0; }
  TlsStatus read_all(ByteSpan into, std::size_t& count);
  TlsStatus judge_answers(std::size_t output_before, TlsStatus status);
  static void note_message(int sent, int version, int type, const void* bytes, std::size_t size, SSL* ssl, void* state);

  std::shared_ptr<const TlsContext> context;
  std::string host;
  std::string error;
  TlsWire wire;
  // Behind the wire, which its BIO uses until it is gone.
  OpenSslPtr<SSL> ssl;
  std::size_t answers = 0;
  std::size_t last_flight = 0;  ///< bytes the peer has said since our Finished
  int dh_bits = 0;
  bool broken = false;
};

namespace {

/// Part of checking the server's chain, so that a server of another name never sees our client certificate.
extern "C" int verify_host(int ok, X509_STORE_CTX* store) {
  if (ok != 1 || X509_STORE_CTX_get_error_depth(store) != 0) return ok;
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* host = static_cast<const std::string*>(SSL_get_ex_data(ssl, 0));
  if (certificate_names(X509_STORE_CTX_get0_cert(store), *host)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

void check_host(SSL* ssl, std::string& host) {
  SSL_set_ex_data(ssl, 0, &host);
  SSL_set_verify(ssl, SSL_get_verify_mode(ssl), verify_host);
}

void send_server_name(SSL* ssl, const std::string& host) {
  if (host.empty() || host.starts_with('/') || host.starts_with('@') || is_ip_literal(host)) return;
  std::string name = host;
  // RFC 6066 3: without a trailing dot.
  if (name.ends_with('.')) name.pop_back();
  // SSL_set_tlsext_host_name() without its C cast. Fails for names over 255 bytes, which no server can have.
  if (SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) != 1) ERR_clear_error();
}

OpenSslPtr<X509> peer_certificate(const SSL* ssl) { return OpenSslPtr<X509>(SSL_get1_peer_certificate(ssl)); }

}  // namespace

std::string TlsEngine::State::failure_text(const char* action) const {
  const long verified = SSL_get_verify_result(ssl.get());
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH) {
    ERR_clear_error();
    return fmt::format("name '{}' not present in server certificate", host);
  }
  const bool verify_failed = ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  std::string text = fmt::format("{} failed: {}", action, openssl_text());
  if (verify_failed && verified != X509_V_OK) text += fmt::format(": {}", X509_verify_cert_error_string(verified));
  return text;
}

TlsStatus TlsEngine::State::explain(int returned, const char* action) {
  // SSL_get_error() alone would take an error that somebody left in this thread's queue for ours, and a look into the
  // queue before each record is not free.
  if (SSL_want_read(ssl.get()) && BIO_should_read(SSL_get_rbio(ssl.get()))) return TlsStatus::needs_input;
  switch (SSL_get_error(ssl.get(), returned)) {
    case SSL_ERROR_NONE: return TlsStatus::done;
    case SSL_ERROR_WANT_READ: return TlsStatus::needs_input;
    case SSL_ERROR_ZERO_RETURN: return TlsStatus::closed;
    default: return fail(failure_text(action));
  }
}

/// Notes the length of the Diffie-Hellman prime when ServerKeyExchange (RFC 5246 7.4.3) passes: OpenSSL forgets it.
void TlsEngine::State::note_message(int /*sent*/, int /*version*/, int type, const void* bytes, std::size_t size,
                                    SSL* ssl, void* state) {
  constexpr std::size_t kHead = 4;
  const ByteView message(static_cast<const std::uint8_t*>(bytes), size);
  if (type != SSL3_RT_HANDSHAKE || size <= kHead + 2 || message[0] != SSL3_MT_SERVER_KEY_EXCHANGE) return;
  const SSL_CIPHER* suite = SSL_get_pending_cipher(ssl);
  if (suite == nullptr || SSL_CIPHER_get_kx_nid(suite) != NID_kx_dhe) return;
  const int prime_size = load_u16(message.data() + kHead);
  static_cast<State*>(state)->dh_bits = prime_size * 8 - std::countl_zero(message[kHead + 2]);
}

/// `status`, or failed when the peer made a read answer what it should not have asked.
TlsStatus TlsEngine::State::judge_answers(std::size_t output_before, TlsStatus status) {
  const std::size_t answer = wire.output().size() - output_before;
  if (output_before == 0) answers = 0;
  answers += answer;
  // Up to TLS 1.2 only an attempt to renegotiate is answered, by a warning; PgBouncer ends the connection
  // (settings.md 5.1).
  if (answer > 0 && SSL_version(ssl.get()) < TLS1_3_VERSION) return fail("read failed: renegotiation is refused");
  if (answers > kMostAnswers) return fail("read failed: the peer asks for key updates and does not take them");
  return status;
}

TlsStatus TlsEngine::State::read_all(ByteSpan into, std::size_t& count) {
  TlsStatus status = TlsStatus::needs_input;
  // Asking OpenSSL without a record for it would only make it allocate its buffer and give it back.
  while (count < into.size() && readable()) {
    std::size_t got = 0;
    const int returned = SSL_read_ex(ssl.get(), into.data() + count, into.size() - count, &got);
    if (returned != 1) {
      status = explain(returned, "read");
      break;
    }
    count += got;
  }
  return count > 0 ? TlsStatus::done : status;
}

TlsEngine::TlsEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsEngine::~TlsEngine() = default;

std::unique_ptr<TlsEngine> TlsEngine::accept(std::shared_ptr<const TlsContext> context) {
  auto state = std::make_unique<State>(std::move(context), std::string());
  SSL_set_accept_state(state->ssl.get());
  return std::unique_ptr<TlsEngine>(new TlsEngine(std::move(state)));
}

std::unique_ptr<TlsEngine> TlsEngine::connect(std::shared_ptr<const TlsContext> context, const std::string& host,
                                              bool direct) {
  auto state = std::make_unique<State>(std::move(context), host);
  SSL* ssl = state->ssl.get();
  SSL_set_connect_state(ssl);
  send_server_name(ssl, host);
  if (direct) SSL_set_alpn_protos(ssl, kAlpnOffer.data(), kAlpnOffer.size());
  if (state->context->verifies_host()) check_host(ssl, state->host);
  return std::unique_ptr<TlsEngine>(new TlsEngine(std::move(state)));
}

void TlsEngine::feed(ByteView ciphertext) {
  if (state_->finished_sent()) state_->last_flight += ciphertext.size();
  state_->wire.feed(ciphertext);
}

TlsStatus TlsEngine::handshake() {
  if (state_->broken) return TlsStatus::failed;
  forget_errors();
  const int returned = SSL_do_handshake(state_->ssl.get());
  state_->wire.give_back_input();
  if (returned != 1) return state_->explain(returned, "handshake");
  // It would be called for every record.
  SSL_set_msg_callback(state_->ssl.get(), nullptr);
  return TlsStatus::done;
}

bool TlsEngine::established() const noexcept { return SSL_is_init_finished(state_->ssl.get()) == 1; }

TlsStatus TlsEngine::read(ByteSpan into, std::size_t& count) { return read_from({}, into, count); }

TlsStatus TlsEngine::read_from(ByteView ciphertext, ByteSpan into, std::size_t& count) {
  count = 0;
  if (state_->broken) return TlsStatus::failed;
  const std::size_t output_before = state_->wire.output().size();
  state_->wire.lend_input(ciphertext);
  TlsStatus status = state_->read_all(into, count);
  state_->wire.give_back_input();
  if (!state_->broken) status = state_->judge_answers(output_before, status);
  if (status != TlsStatus::done) count = 0;
  return status;
}

std::size_t TlsEngine::wanted(std::size_t room) const noexcept {
  if (room == 0) return 0;
  const std::size_t held = state_->wire.input_size();
  const std::size_t fits = room + kLeastOverhead > held ? room + kLeastOverhead - held : 1;
  return std::max(fits, state_->wire.missing());
}

bool TlsEngine::readable() const noexcept { return state_->readable(); }

bool TlsEngine::lacks_only_finished() const noexcept {
  return !established() && state_->finished_sent() && state_->last_flight <= kLargestFinish;
}

std::size_t TlsEngine::record_size() const noexcept { return state_->context->record_size(); }

TlsStatus TlsEngine::write(ByteView clear) {
  if (state_->broken) return TlsStatus::failed;
  if (clear.empty()) return TlsStatus::done;
  state_->wire.reserve(clear.size() + (clear.size() / record_size() + 1) * kMostOverhead);
  std::size_t written = 0;
  const int returned = SSL_write_ex(state_->ssl.get(), clear.data(), clear.size(), &written);
  if (returned == 1) return TlsStatus::done;
  const TlsStatus status = state_->explain(returned, "write");
  // The wire takes everything, so OpenSSL waits for nothing unless the handshake is not over.
  return status == TlsStatus::failed ? status : state_->fail("write failed: no TLS connection");
}

void TlsEngine::close() noexcept {
  if (state_->broken || !established()) return;
  forget_errors();
  SSL_shutdown(state_->ssl.get());
  forget_errors();
}

Buffer& TlsEngine::output() noexcept { return state_->wire.output(); }
void TlsEngine::lend_output(ByteSpan memory) noexcept { state_->wire.lend_output(memory); }
ByteView TlsEngine::lent_output() const noexcept { return state_->wire.lent_output(); }
void TlsEngine::give_back_output(std::size_t sent) { state_->wire.give_back_output(sent); }

const std::string& TlsEngine::error() const noexcept { return state_->error; }

std::string TlsEngine::description() const {
  SSL* ssl = state_->ssl.get();
  std::string text = fmt::format("{}/{}", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
  if (SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_current_cipher(ssl) == nullptr) return text;
  const int exchange = SSL_CIPHER_get_kx_nid(SSL_get_current_cipher(ssl));
  if (exchange == NID_kx_dhe) text += fmt::format("/DH={}", state_->dh_bits);
  if (exchange == NID_kx_ecdhe)
    text += fmt::format("/ECDH={}", OBJ_nid2sn(static_cast<int>(SSL_get_negotiated_group(ssl))));
  return text;
}

std::vector<std::uint8_t> TlsEngine::server_end_point() const {
  SSL* ssl = state_->ssl.get();
  if (SSL_is_server(ssl) == 1) return state_->context->end_point(SSL_get_certificate(ssl));
  const OpenSslPtr<X509> certificate = peer_certificate(ssl);
  return certificate != nullptr ? uvb::server_end_point(*certificate) : std::vector<std::uint8_t>{};
}

bool TlsEngine::peer_verified() const {
  const SSL* ssl = state_->ssl.get();
  const bool checked = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
  return checked && SSL_get0_peer_certificate(ssl) != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
}

bool TlsEngine::peer_names(const std::string& name) const {
  return peer_verified() && certificate_names(SSL_get0_peer_certificate(state_->ssl.get()), name);
}

}  // namespace uvb
