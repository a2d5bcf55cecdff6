#include "uv/resolver.h"

#include <netdb.h>
#include <uv.h>

#include <cstring>
#include <memory>

namespace uvb {

namespace {

struct Lookup {
  uv_getaddrinfo_t uv{};
  std::function<void(std::vector<SocketAddress>, std::string)> callback;
};

std::vector<SocketAddress> collect(const addrinfo* list) {
  std::vector<SocketAddress> found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    found.push_back(address);
  }
  return found;
}

void on_resolved(uv_getaddrinfo_t* request, int status, addrinfo* list) {
  const std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
  std::vector<SocketAddress> found = collect(list);
  uv_freeaddrinfo(list);
  lookup->callback(std::move(found), status == 0 ? "" : uv_strerror(status));
}

}  // namespace

void resolve(Loop& loop, const std::string& host, int port,
             std::function<void(std::vector<SocketAddress>, std::string)> callback) {
  auto lookup = std::make_unique<Lookup>();
  lookup->uv.data = lookup.get();
  lookup->callback = std::move(callback);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  Lookup* handed_over = lookup.release();
  const int status =
      uv_getaddrinfo(loop.handle(), &handed_over->uv, on_resolved, host.c_str(), std::to_string(port).c_str(), &hints);
  if (status == 0) return;
  const std::unique_ptr<Lookup> failed(handed_over);
  failed->callback({}, uv_strerror(status));
}

}  // namespace uvb
