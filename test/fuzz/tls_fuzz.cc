// Arbitrary bytes fed to an accepting engine, before its handshake or behind a finished one. It may fail in any way
// but must neither crash nor keep more than a record, nor give more than it was asked for.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "fakes/tls_contexts.h"
#include "transport/tls_engine.h"

namespace uvb {
namespace {

void move(TlsEngine& from, TlsEngine& to) {
  to.feed(from.output().view());
  from.output().release();
  to.handshake();
}

void shake_hands(TlsEngine& acceptor, TlsEngine& connector) {
  connector.handshake();
  for (int turn = 0; turn < 3; ++turn) {
    move(connector, acceptor);
    move(acceptor, connector);
  }
  if (!acceptor.established() || !connector.established()) std::abort();
}

void feed_piece(TlsEngine& engine, ByteView piece) {
  if (!engine.established()) {
    engine.feed(piece);
    engine.handshake();
    return;
  }
  std::array<std::uint8_t, 1000> into{};
  std::size_t count = 0;
  const TlsStatus status = engine.read_from(piece, into, count);
  if (count > into.size() || (status == TlsStatus::done) != (count > 0)) std::abort();
}

/// Feeds the input in pieces whose sizes it says itself.
void feed_in_pieces(TlsEngine& engine, ByteView input) {
  while (!input.empty()) {
    const std::size_t size = std::min<std::size_t>(input.size(), std::size_t{input[0]} + 1);
    feed_piece(engine, input.first(size));
    input = input.subspan(size);
  }
}

}  // namespace
}  // namespace uvb

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const uvb::test::TlsContexts contexts = uvb::test::load_tls_contexts("all");
  if (size < 2) return 0;
  const auto acceptor = uvb::TlsEngine::accept(contexts.accepting);
  const auto connector = uvb::TlsEngine::connect(contexts.connecting, "db", true);
  uvb::ByteView input(data + 1, size - 1);
  if ((data[0] & 1) != 0) uvb::shake_hands(*acceptor, *connector);
  // Whole clear text that the peer encrypts, so that what follows meets an engine in the middle of its work.
  if ((data[0] & 2) != 0 && acceptor->established()) {
    connector->write(input.first(input.size() / 2));
    acceptor->feed(connector->output().view());
    input = input.subspan(input.size() / 2);
  }
  uvb::feed_in_pieces(*acceptor, input);
  return 0;
}
