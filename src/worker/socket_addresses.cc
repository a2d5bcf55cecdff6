#include "worker/socket_addresses.h"

namespace uvb {

void describe_addresses(SocketRow& row, const ClientSession& client, int listen_port) {
  const ClientAddress& address = client.address();
  row.remote_pid = address.unix_pid;
  if (address.is_unix) {
    row.addr = row.local_addr = "unix";
    row.port = row.local_port = listen_port;
    return;
  }
  const SocketAddress remote = socket_address(address.remote);
  const SocketAddress local = local_address(client.descriptor());
  row.addr = printable_ip(remote);
  row.local_addr = printable_ip(local);
  row.port = port_of(remote);
  row.local_port = port_of(local);
}

void describe_addresses(SocketRow& row, const ServerAddress& address, int descriptor) {
  row.addr = address.text.empty() ? "" : address.is_unix ? "unix" : printable_ip(address.socket);
  row.port = address.port;
  if (descriptor < 0) return;
  const SocketAddress local = local_address(descriptor);
  row.local_addr = address.is_unix ? "unix" : printable_ip(local);
  row.local_port = address.is_unix ? address.port : port_of(local);
}

}  // namespace uvb
