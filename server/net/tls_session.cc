#include "server/net/tls_session.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

#include "server/net/socket.h"
#include "server/net/tls_setup.h"

namespace weir {
namespace {

/// Bytes taken from a socket in one turn, so that a fast sender leaves time to others.
constexpr size_t kTurnBytes = size_t{64} * 1024;
/// A common name has at most 64 characters (RFC 5280).
constexpr int kCommonNameBytes = 65;

ssize_t would_block() {
  errno = EAGAIN;
  return -1;
}

}  // namespace

/// What OpenSSL calls to reach the socket.  Its own kind for sockets knows no bound for what is
/// read, and a write to a closed connection would raise a signal.
struct SocketBio {
  static TlsSession& session_of(BIO* bio) {
    return *static_cast<TlsSession*>(Openssl::loaded().BIO_get_data(bio));
  }

  static int read(BIO* bio, char* at, int size) {
    TlsSession& session = session_of(bio);
    Openssl::loaded().BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    const size_t room = std::min(static_cast<size_t>(size), session.may_read_);
    const ssize_t got = room == 0 ? would_block() : ::read(session.fd_, at, room);
    if (got > 0) session.may_read_ -= static_cast<size_t>(got);
    if (got == 0) session.at_end_ = true;
    return done(session, bio, got, BIO_FLAGS_READ);
  }

  static int write(BIO* bio, const char* at, int size) {
    TlsSession& session = session_of(bio);
    Openssl::loaded().BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    const ssize_t sent = ::send(session.fd_, at, static_cast<size_t>(size), MSG_NOSIGNAL);
    return done(session, bio, sent, BIO_FLAGS_WRITE);
  }

  static int done(TlsSession& session, BIO* bio, ssize_t result, int retry_flag) {
    if (result < 0 && is_transient(errno)) {
      Openssl::loaded().BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    } else if (result < 0) {
      session.socket_error_ = errno;
    }
    return static_cast<int>(result);
  }

  static long control(BIO* bio, int what, long, void*) {
    if (what == BIO_CTRL_EOF) return session_of(bio).at_end_ ? 1 : 0;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
  }
};

BIO_METHOD* TlsSession::make_bio_method(const Openssl& openssl) {
  BIO_METHOD* const method = openssl.BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");
  assert(method != nullptr);
  openssl.BIO_meth_set_read(method, &SocketBio::read);
  openssl.BIO_meth_set_write(method, &SocketBio::write);
  openssl.BIO_meth_set_ctrl(method, &SocketBio::control);
  return method;
}

TlsSession::TlsSession(const Openssl& openssl, SSL_CTX* context, const BIO_METHOD* bio_method,
                       int fd, TlsRole role)
    : openssl_(openssl), ssl_(openssl.SSL_new(context)), fd_(fd) {
  BIO* const bio = openssl_.BIO_new(bio_method);
  assert(ssl_ != nullptr && bio != nullptr);
  openssl_.BIO_set_data(bio, this);
  openssl_.BIO_set_init(bio, 1);
  openssl_.SSL_set_bio(ssl_, bio, bio);  // owns it
  if (role == TlsRole::kServer) {
    openssl_.SSL_set_accept_state(ssl_);
  } else {
    openssl_.SSL_set_connect_state(ssl_);
  }
}

TlsSession::~TlsSession() {
  openssl_.SSL_free(ssl_);
}

ssize_t TlsSession::read(char* at, size_t room) {
  // What was left over must not make way for more from the socket.
  may_read_ = has_rest_ ? 0 : kTurnBytes;
  has_rest_ = false;
  wants_write_ = false;
  size_t got = 0;
  while (got < room && state_ == State::kOpen) {
    const int size = static_cast<int>(std::min<size_t>(room - got, INT_MAX));
    const int result = openssl_.SSL_read(ssl_, at + got, size);
    if (!established_) notice_established();
    if (result <= 0) {
      wants_write_ = give_up(result) == SSL_ERROR_WANT_WRITE;
      break;
    }
    got += static_cast<size_t>(result);
    if (openssl_.SSL_has_pending(ssl_) == 0) return static_cast<ssize_t>(got);
    if (got == room) has_rest_ = true;
  }
  if (state_ != State::kOpen && got > 0) has_rest_ = true;  // to be told of the end next time
  if (got > 0) return static_cast<ssize_t>(got);
  if (state_ == State::kEnded) return 0;
  errno = state_ == State::kOpen ? EAGAIN : EPROTO;
  return -1;
}

ssize_t TlsSession::write(const char* at, size_t size) {
  if (state_ == State::kOpen && !established_) return would_block();
  size_t sent = 0;
  while (sent < size && state_ == State::kOpen) {
    const int chunk = static_cast<int>(std::min<size_t>(size - sent, INT_MAX));
    const int result = openssl_.SSL_write(ssl_, at + sent, chunk);
    if (result <= 0) {
      give_up(result);
      break;
    }
    sent += static_cast<size_t>(result);
  }
  if (sent > 0) return static_cast<ssize_t>(sent);
  errno = state_ == State::kOpen ? EAGAIN : EPROTO;
  return -1;
}

// Why SSL_read or SSL_write did nothing.
int TlsSession::give_up(int result) {
  const int error = openssl_.SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return error;
  if (error == SSL_ERROR_ZERO_RETURN) {
    state_ = State::kEnded;
    return error;
  }
  state_ = State::kFailed;
  failure_ = take_openssl_error(openssl_);
  const long verdict = openssl_.SSL_get_verify_result(ssl_);
  if (verdict != X509_V_OK)
    failure_ += std::string(" (") + openssl_.X509_verify_cert_error_string(verdict) + ")";
  if (failure_.empty()) failure_ = std::strerror(socket_error_);
  return error;
}

void TlsSession::notice_established() {
  established_ = openssl_.SSL_is_init_finished(ssl_) == 1;
}

void TlsSession::shut_down() {
  if (!established_ || state_ != State::kOpen) return;
  state_ = State::kEnded;
  openssl_.SSL_shutdown(ssl_);
  openssl_.ERR_clear_error();
}

std::string TlsSession::peer_common_name() const {
  const std::unique_ptr<X509, OpensslDeleter<&Openssl::X509_free>> certificate(
      openssl_.SSL_get1_peer_certificate(ssl_), {&openssl_});
  if (!certificate) return {};
  char name[kCommonNameBytes];
  const int length = openssl_.X509_NAME_get_text_by_NID(
      openssl_.X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof(name));
  return length > 0 ? std::string(name, static_cast<size_t>(length)) : std::string();
}

}  // namespace weir
