#include "tests/bench/tls_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

#include "tests/bench/failure.h"

namespace weir::bench {
namespace {

/// One for all connections.  The server is ours, so nobody's certificate is looked at.  OpenSSL
/// writes with write(): a server that ended must not end the benchmark with a signal.
SSL_CTX* client_context() {
  static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context = [] {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> made(SSL_CTX_new(TLS_client_method()),
                                                           &SSL_CTX_free);
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX_set_mode(made.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(made.get(), 1);
    return made;
  }();
  return context.get();
}

}  // namespace

TlsConnection::TlsConnection(const Fd& fd) : ssl_(SSL_new(client_context()), &SSL_free) {
  SSL_set_fd(ssl_.get(), fd.get());
  if (SSL_connect(ssl_.get()) != 1) throw Failure("the TLS handshake failed");
  std::string ping;
  append_command(ping, {"PING"});
  std::array<char, 64> reply;
  if (write(ping) != static_cast<ssize_t>(ping.size()) || read(reply.data(), reply.size()) <= 0)
    throw Failure("no PONG over TLS");
}

ssize_t TlsConnection::read(char* at, size_t size) {
  return result_of(SSL_read(ssl_.get(), at, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

ssize_t TlsConnection::write(std::string_view bytes) {
  const int size = static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX));
  return result_of(SSL_write(ssl_.get(), bytes.data(), size));
}

ssize_t TlsConnection::result_of(int result) {
  if (result > 0) return result;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    default:
      errno = EPROTO;
      return -1;
  }
}

}  // namespace weir::bench
