#pragma once

#include "admin/census.h"
#include "session/client.h"
#include "session/connector.h"

namespace uvb {

/// Fills in both ends of a client's connection as SHOW names them; a Unix socket has no ports of its own.
void describe_addresses(SocketRow& row, const ClientSession& client, int listen_port);
/// The same of a connection to the server at `address`; `descriptor` below 0: it is not made yet.
void describe_addresses(SocketRow& row, const ServerAddress& address, int descriptor);

}  // namespace uvb
