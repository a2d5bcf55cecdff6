#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "transport/tls_engine.h"

namespace uvb::test {

/// Two engines joined in memory: what one puts out the other is fed, in pieces of a size the test chooses.
struct TlsPair {
  std::unique_ptr<TlsEngine> acceptor;
  std::unique_ptr<TlsEngine> connector;
  std::size_t piece = std::size_t{1} << 20;

  static void move(TlsEngine& from, TlsEngine& to, std::size_t piece) {
    Buffer& output = from.output();
    while (!output.empty()) {
      const std::size_t count = std::min(piece, output.size());
      to.feed(output.view().first(count));
      output.consume(count);
      if (!to.established() && to.handshake() == TlsStatus::failed) break;
    }
    output.release();
  }

  void exchange() {
    move(*connector, *acceptor, piece);
    move(*acceptor, *connector, piece);
  }

  /// Goes on until both sides are done or one has failed and the other has heard why.
  bool shake_hands() {
    connector->handshake();
    for (int turn = 0; turn < 8; ++turn) exchange();
    return acceptor->established() && connector->established() && acceptor->error().empty() &&
           connector->error().empty();
  }
};

/// Everything that can be read now.
inline std::string read_all(TlsEngine& engine, TlsStatus* last = nullptr) {
  std::string text;
  std::vector<std::uint8_t> into(20000);
  while (true) {
    std::size_t count = 0;
    const TlsStatus status = engine.read(into, count);
    if (last != nullptr) *last = status;
    if (status != TlsStatus::done) return text;
    text += as_text(ByteView(into).first(count));
  }
}

/// Clear-text-sized view of records on the wire: the body length of each (RFC 8446 5.1).
inline std::vector<std::size_t> record_bodies(ByteView wire) {
  std::vector<std::size_t> sizes;
  while (wire.size() >= 5) {
    const std::size_t body = load_u16(wire.data() + 3);
    sizes.push_back(body);
    wire = wire.subspan(std::min(wire.size(), body + 5));
  }
  return sizes;
}

}  // namespace uvb::test
