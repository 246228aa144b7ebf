// One TLS connection over a non-blocking socket: read() and write() as of the socket, of plain
// bytes.
//
//            read(at, room) ◄── SSL ◄── BIO ◄── ::read(fd)      as much as one turn may take
//            write(at, size) ──► SSL ──► BIO ──► ::send(fd)     record by record
//
// There is no separate handshake: it goes on whenever read() is called, until is_established().
// Nothing can be written before.  Each socket event is answered by read() until has_rest() is
// false: a record may bring more than there was room for, and no socket will tell of it.
//
// Always: OpenSSL's error queue is empty after each call; a session that failed or ended stays so.
#pragma once

#include <cstddef>
#include <string>

#include <sys/types.h>

#include "server/net/openssl.h"

namespace weir {

enum class TlsRole { kServer, kClient };

class TlsSession {
 public:
  /// Of an idle session, nearly all of it OpenSSL's.  Measured with OpenSSL 3.0, TLS 1.3.
  static constexpr size_t kMemoryBytes = size_t{14} * 1024;

  /// `openssl` and `bio_method` outlive the session; `fd` is not closed by it.
  TlsSession(const Openssl& openssl, SSL_CTX* context, const BIO_METHOD* bio_method, int fd,
             TlsRole role);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// The kind of BIO by which sessions reach their sockets; to be freed with BIO_meth_free.
  static BIO_METHOD* make_bio_method(const Openssl& openssl);

  /// As ::read: bytes; 0 at the end; -1 with errno, EAGAIN when there is nothing (more) yet.
  ssize_t read(char* at, size_t room);
  /// As ::send: bytes, perhaps fewer; -1 with errno.
  ssize_t write(const char* at, size_t size);
  /// More can be read without the socket becoming ready again.
  bool has_rest() const { return has_rest_; }

  bool is_established() const { return established_; }
  /// read() has bytes of the protocol to send, and the socket does not take them: call read() again
  /// when it does.
  bool wants_write() const { return wants_write_; }
  /// Why read() or write() said -1 with something else than EAGAIN.
  const std::string& failure() const { return failure_; }

  /// Tells the peer that nothing more comes, if the socket takes it.
  void shut_down();

  /// The common name in the peer's certificate; "" if it showed none.
  std::string peer_common_name() const;

 private:
  friend struct SocketBio;
  enum class State : char { kOpen, kEnded, kFailed };

  int give_up(int result);
  void notice_established();

  const Openssl& openssl_;
  SSL* ssl_;
  const int fd_;
  size_t may_read_ = 0;  // bytes from the socket, in this turn
  State state_ = State::kOpen;
  bool has_rest_ = false;
  bool established_ = false;
  bool wants_write_ = false;
  bool at_end_ = false;  // of the socket
  int socket_error_ = 0;
  std::string failure_;
};

}  // namespace weir
