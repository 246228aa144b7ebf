#include "server/replication/primary_connection.h"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

#include "server/net/addresses.h"

namespace weir {
namespace {

/// Bytes read at once, and in one turn: others get theirs in between.
constexpr size_t kReadBytes = size_t{64} * 1024;
constexpr int kReadsPerTurn = 4;

}  // namespace

std::string PrimaryConnection::open(const Target& target) {
  close();
  if (target.is_tls && !tls_.is_on()) return "TLS is not configured";
  const tl::expected<AddressList, std::string> addresses = addresses_of(target.host, target.port);
  if (!addresses) return addresses.error();
  std::string why;
  for (const addrinfo* at = addresses->get(); at != nullptr; at = at->ai_next) {
    Fd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.is_open() &&
        (::connect(fd.get(), at->ai_addr, at->ai_addrlen) == 0 || errno == EINPROGRESS)) {
      socket_ = std::move(fd);
      break;
    }
    why = std::strerror(errno);
  }
  if (!socket_.is_open()) return why;
  set_tcp_options(socket_.get(), target.keepalive_s);
  if (target.is_tls) session_ = tls_.connect(socket_.get());
  is_connecting_ = true;
  writable_.start(loop_, socket_.get(), EV_WRITE, &on_writable, this);
  return {};
}

void PrimaryConnection::close() {
  readable_.stop();
  writable_.stop();
  if (session_) session_->shut_down();
  session_.reset();
  socket_ = Fd();
  input_.release();
  output_.release();
  is_connecting_ = is_established_ = false;
}

void PrimaryConnection::lose(const std::string& why) {
  close();
  on_lost(why);
}

// --- Connecting ----------------------------------------------------------------------------------

void PrimaryConnection::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    return lose("Error condition on socket for SYNC: " + std::string(std::strerror(error)));
  is_connecting_ = false;
  writable_.stop();
  readable_.start(loop_, socket_.get(), EV_READ, &on_readable, this);
  if (session_) return read();  // which begins the handshake
  is_established_ = true;
  on_connected();
}

// --- Reading -------------------------------------------------------------------------------------

void PrimaryConnection::on_readable(int, short, void* argument) {
  static_cast<PrimaryConnection*>(argument)->read();
}

ssize_t PrimaryConnection::receive(char* at, size_t room) {
  if (!session_) return ::recv(socket_.get(), at, room, 0);
  const ssize_t got = session_->read(at, room);
  const int error = errno;
  if (session_->wants_write() && !writable_.is_active())
    writable_.start(loop_, socket_.get(), EV_WRITE, &on_writable, this);
  errno = error;
  return got;
}

void PrimaryConnection::read() {
  for (int reads = 0; reads < kReadsPerTurn || (session_ && session_->has_rest()); ++reads) {
    char* const at = input_.reserve(kReadBytes);
    const ssize_t got = receive(at, kReadBytes);
    const int error = errno;
    if (session_ && session_->is_established() && !is_established_) {
      is_established_ = true;
      on_connected();
      if (!is_open()) return;
    }
    if (got == 0) return lose("Connection with master lost.");
    if (got < 0 && is_transient(error)) return;
    if (got < 0) {
      return lose("I/O error trying to sync with MASTER: " +
                  (session_ ? session_->failure() : std::string(std::strerror(error))));
    }
    input_.commit(static_cast<size_t>(got));
    bytes_in_ += static_cast<uint64_t>(got);
    on_bytes();
    if (!is_open() || !readable_.is_active()) return;
    if (static_cast<size_t>(got) < kReadBytes && !(session_ && session_->has_rest())) return;
  }
}

void PrimaryConnection::set_reading(bool is_reading) {
  if (!is_open() || is_connecting_) return;
  if (!is_reading) return readable_.stop();
  if (readable_.is_active()) return;
  readable_.start(loop_, socket_.get(), EV_READ, &on_readable, this);
}

// --- Writing -------------------------------------------------------------------------------------

void PrimaryConnection::on_writable(int, short, void* argument) {
  auto& connection = *static_cast<PrimaryConnection*>(argument);
  if (connection.is_connecting_) return connection.finish_connecting();
  connection.writable_.stop();
  if (connection.session_ && connection.session_->wants_write()) connection.read();
  if (connection.is_open()) connection.flush();
}

void PrimaryConnection::send(resp::Buffer& output) {
  if (is_open()) output_.append(output.view());
  output.clear();
  if (is_established_) flush();
}

void PrimaryConnection::flush() {
  while (!output_.empty()) {
    const std::string_view bytes = output_.view();
    const ssize_t sent = session_ ? session_->write(bytes.data(), bytes.size())
                                  : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && is_transient(errno)) {
      if (!writable_.is_active())
        writable_.start(loop_, socket_.get(), EV_WRITE, &on_writable, this);
      return;
    }
    if (sent < 0) return;  // reading tells of it
    output_.consume(static_cast<size_t>(sent));
  }
}

}  // namespace weir
