// The socket to a primary: plain or TLS, and what waits in it.
//
//   open() ─► connecting ─► on_connected ─► bytes ─► input(), on_bytes ─► … ─► on_lost(why)
//                                          send(output) ─► what the socket takes, the rest later
//
// Names are resolved while nothing else happens, as in Redis: an address costs no time.
//
// Always: after on_lost or close() nothing is called, and the connection can be opened again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "resp/buffer.h"
#include "server/net/event_loop.h"
#include "server/net/socket.h"
#include "server/net/tls.h"

namespace weir {

class PrimaryConnection {
 public:
  /// Both outlive it.
  PrimaryConnection(EventLoop& loop, const Tls& tls) : loop_(loop), tls_(tls) {}
  ~PrimaryConnection() { close(); }
  PrimaryConnection(const PrimaryConnection&) = delete;
  PrimaryConnection& operator=(const PrimaryConnection&) = delete;

  std::function<void()> on_connected;
  /// There is more in input() than before.
  std::function<void()> on_bytes;
  /// By the other side, or by an error.  It is closed already.
  std::function<void(const std::string& why)> on_lost;

  struct Target {
    std::string host;
    int port = 0;
    bool is_tls = false;
    int keepalive_s = 0;
  };
  /// Begins to connect; the text says why it cannot, else is empty.
  std::string open(const Target& target);
  void close();
  bool is_open() const { return socket_.is_open(); }
  int fd() const { return socket_.get(); }

  /// What has come and was not consumed by whoever reads it.
  resp::Buffer& input() { return input_; }
  const resp::Buffer& input() const { return input_; }
  /// Takes all of `output`.
  void send(resp::Buffer& output);
  /// Nothing more is read for a while, so that it stays where it is.
  void set_reading(bool is_reading);

  uint64_t bytes_in() const { return bytes_in_; }

 private:
  static void on_readable(int fd, short what, void* argument);
  static void on_writable(int fd, short what, void* argument);

  void finish_connecting();
  void read();
  ssize_t receive(char* at, size_t room);
  void flush();
  void lose(const std::string& why);

  EventLoop& loop_;
  const Tls& tls_;
  Fd socket_;
  std::unique_ptr<TlsSession> session_;
  Watch readable_;
  Watch writable_;
  resp::Buffer input_;
  resp::Buffer output_;
  uint64_t bytes_in_ = 0;  // over all connections
  bool is_connecting_ = false;
  bool is_established_ = false;
};

}  // namespace weir
