// The client's end of TLS: OpenSSL over a socket, as ::read and ::send are used by the load.
#pragma once

#include <memory>
#include <string_view>

#include <openssl/ssl.h>
#include <sys/types.h>

#include "tests/bench/client_socket.h"

namespace weir::bench {

class TlsConnection {
 public:
  /// Shakes hands over a blocking socket and waits for one PONG.
  explicit TlsConnection(const Fd& fd);

  /// Like ::read over a socket that does not block; errno is EAGAIN when there is nothing.
  ssize_t read(char* at, size_t size);
  /// Like ::send; what it took is sent, or goes before the rest when that is given to it again.
  ssize_t write(std::string_view bytes);

 private:
  ssize_t result_of(int result);

  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

}  // namespace weir::bench
