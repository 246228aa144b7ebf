// Names of hosts into addresses.
#pragma once

#include <memory>
#include <string>

#include <netdb.h>
#include <tl/expected.hpp>

namespace weir {

/// What the resolver gave, one address or more; freed with it.
using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

/// Where a host, by name or by address, can be reached.  The error is the resolver's, in words.
/// Cost: waits for the resolver where the host is a name.
tl::expected<AddressList, std::string> addresses_of(const std::string& host, int port);

/// Where a server is to listen, of an entry of 'bind': also "*" and "::*", all addresses of IPv4
/// and of IPv6.  The rest as above.
tl::expected<AddressList, std::string> addresses_to_bind(const std::string& host, int port);

}  // namespace weir
