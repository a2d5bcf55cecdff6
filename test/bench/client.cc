#include "client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "wire.h"

namespace uvb::bench {
namespace {

constexpr std::uint32_t kProtocol3 = 196608;
constexpr std::uint32_t kAuthOk = 0;
constexpr std::uint32_t kAuthSasl = 10;
constexpr std::uint32_t kAuthSaslContinue = 11;
constexpr std::uint32_t kAuthSaslFinal = 12;

/// Messages whose bodies nobody looks at, so that they need not be assembled.
bool is_row(char type) noexcept { return type == 'd' || type == 'D'; }

}  // namespace

Client::Client(const Endpoint& endpoint, SaltedPasswords& salted, Work& work)
    : endpoint_(endpoint), salted_(salted), work_(work), channel_(endpoint.address.c_str(), endpoint.port) {}

bool Client::fail(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

void Client::leave() {
  send(std::string_view("X\0\0\0\4", 5));
  channel_.say_goodbye();
  leaving_ = true;
}

void Client::request(std::string_view messages) {
  idle_ = false;
  send(messages);
}

void Client::send(std::string_view bytes) {
  if (channel_.send(bytes) == Io::closed) problem_ = std::string("send: ") + std::strerror(errno);
}

bool Client::on_event(bool readable, bool writable, std::span<char> scratch) {
  if (step_ != Step::messages) return advance_connection();
  if (writable && channel_.flush() == Io::done) work_.on_drained(*this);
  if (readable && !read_once(scratch)) return false;
  return problem_.empty() && !leaving_;
}

bool Client::advance_connection() {
  if (step_ == Step::connected) {
    if (endpoint_.tls == nullptr) {
      send_startup();
    } else {
      std::string hello;
      MessageWriter(hello).begin(0).u32(kSslRequest).end();
      step_ = Step::tls_answer;
      send(hello);
    }
    return problem_.empty();
  }
  if (step_ == Step::tls_answer && !read_tls_answer()) return problem_.empty();
  const Io io = channel_.handshake();
  if (io == Io::closed) return fail("TLS handshake failed");
  if (io == Io::done) send_startup();
  return problem_.empty();
}

bool Client::read_tls_answer() {
  std::array<char, 1> answer{};
  std::size_t got = 0;
  const Io io = channel_.receive(answer, got);
  if (io == Io::again) return false;
  if (io == Io::closed) return fail("closed instead of an answer to SSLRequest");
  if (answer[0] != 'S') return fail("TLS refused");
  channel_.start_tls(endpoint_.tls);
  step_ = Step::handshake;
  return true;
}

void Client::send_startup() {
  step_ = Step::messages;
  std::string startup;
  MessageWriter(startup)
      .begin(0)
      .u32(kProtocol3)
      .text("user")
      .text(endpoint_.user)
      .text("database")
      .text(endpoint_.database)
      .text("application_name")
      .text("bench")
      .text("client_encoding")
      .text("UTF8")
      .u8(0)
      .end();
  send(startup);
}

bool Client::read_once(std::span<char> scratch) {
  do {
    std::size_t got = 0;
    const Io io = channel_.receive(scratch, got);
    if (io == Io::again) return true;
    if (io == Io::closed) return fail("the connection was closed");
    work_.on_bytes(got);
    if (!read_messages({scratch.data(), got})) return false;
  } while (channel_.holds_input());
  return true;
}

bool Client::read_messages(std::string_view input) {
  if (!partial_.empty()) {
    partial_.append(input);
    const std::string joined = std::exchange(partial_, {});
    std::string_view rest = joined;
    if (!take_whole_messages(rest)) return false;
    partial_.assign(rest);
    return true;
  }
  if (!take_whole_messages(input)) return false;
  partial_.assign(input);
  return true;
}

bool Client::take_whole_messages(std::string_view& input) {
  for (;;) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_bytes_, input.size()));
    skip_bytes_ -= skipped;
    input.remove_prefix(skipped);
    if (input.size() < MessageHead::kSize) return true;
    const auto head = read_head(input.data());
    if (is_row(head.type)) {
      ++rows_received_;
      skip_bytes_ = head.body_size;
      input.remove_prefix(MessageHead::kSize);
      continue;
    }
    if (input.size() - MessageHead::kSize < head.body_size) return true;
    const auto body = input.substr(MessageHead::kSize, head.body_size);
    input.remove_prefix(MessageHead::kSize + body.size());
    if (!on_message(head.type, body)) return false;
  }
}

bool Client::on_message(char type, std::string_view body) {
  switch (type) {
    case 'Z':
      idle_ = true;
      work_.on_ready(*this);
      return problem_.empty() && !leaving_;
    case 'G': work_.on_copy_in(*this); return problem_.empty();
    case 'C': return on_complete(body);
    case 'R': return on_authentication(body);
    case 'E': return fail(std::string(error_field(body, 'C')) + " " + std::string(error_field(body, 'M')));
    default: return true;
  }
}

/// A pooler that loses rows must not win a race: the tag's count is compared with what passed.
bool Client::on_complete(std::string_view tag) {
  const auto rows = std::exchange(rows_received_, 0) + std::exchange(rows_sent, 0);
  tag = tag.substr(0, tag.find('\0'));
  std::uint64_t told = 0;
  std::from_chars(tag.data() + tag.rfind(' ') + 1, tag.data() + tag.size(), told);
  return rows == told || fail("rows lost: " + std::to_string(rows) + " passed, tag " + std::string(tag));
}

bool Client::on_authentication(std::string_view body) {
  BodyReader reader(body);
  switch (reader.u32()) {
    case kAuthOk: return true;
    case kAuthSasl: return on_sasl(reader.rest());
    case kAuthSaslContinue: {
      const auto reply = scram_ ? scram_->final(reader.rest(), endpoint_.password, salted_) : std::nullopt;
      if (!reply) return fail("malformed SCRAM message");
      std::string message;
      append_message(message, 'p', *reply);
      send(message);
      return problem_.empty();
    }
    case kAuthSaslFinal:
      return (scram_ && scram_->verify(reader.rest())) || fail("the server's SCRAM signature is wrong");
    default: return fail("unexpected authentication request");
  }
}

bool Client::on_sasl(std::string_view body) {
  BodyReader reader(body);
  constexpr std::string_view kMechanism = "SCRAM-SHA-256";
  while (reader.good() && !reader.rest().empty() && reader.text() != kMechanism) {
  }
  scram_.emplace();
  std::string message;
  const auto first = scram_->first();
  MessageWriter(message).begin('p').text(kMechanism).u32(static_cast<std::uint32_t>(first.size())).bytes(first).end();
  send(message);
  return problem_.empty();
}

}  // namespace uvb::bench
