// The few things asked of a socket, and the handle that closes it.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

namespace weir {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Whether a read or write that failed so may succeed later: nothing is wrong with the socket.
inline bool is_transient(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

enum class SocketEnd : bool { kLocal, kPeer };

/// "ip:port", "[v6]:port"; for a Unix socket "path:0".
std::string socket_address(int fd, SocketEnd end);
/// True when the peer is this host: loopback or a Unix socket.
bool is_local_peer(int fd);
/// TCP_NODELAY, and keepalive probes after `keepalive_s` seconds of silence (0: none).
void set_tcp_options(int fd, int keepalive_s);
/// TCP_NODELAY alone.
void set_no_delay(int fd, bool is_on);

}  // namespace weir
