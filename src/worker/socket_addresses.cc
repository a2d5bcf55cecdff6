#include "worker/socket_addresses.h"

namespace uvb {

void describe_addresses(SocketRow& row, const ClientSession& client, int listen_port) {
  const ClientAddress& address = client.address();
  row.addr = printable_ip(address.remote);
  row.local_addr = printable_ip(address.local);
  row.port = address.is_unix ? listen_port : port_of(address.remote);
  row.local_port = address.is_unix ? listen_port : port_of(address.local);
  row.remote_pid = address.unix_pid;
  if (address.is_unix) row.addr = row.local_addr = "unix";
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
