// A connection that sends exactly the bytes it is told to and reads replies as values: for RESP3,
// pushes, protocol errors, half requests, and whatever a client library would hide.
//
//   RawClient client(server.port());
//   client.write("*1\r\n$4\r\nPI");
//   CHECK(client.nothing_arrives());
//   client.write("NG\r\n");
//   CHECK(show(client.read()) == "+PONG");
//   CHECK(show(client("XLEN", "s")) == ":0");
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "resp/reply.h"
#include "resp/reply_parser.h"
#include "tests/support/patience.h"

namespace weir::resp {

/// So that a failing comparison prints what came.
inline std::ostream& operator<<(std::ostream& out, const Reply& reply) {
  return out << show(reply);
}

}  // namespace weir::resp

namespace weir::testing {

/// What a wait for the next reply ended with.
struct NothingCame {};
struct ServerClosed {};
struct NoReply {
  std::string reason;  // the bytes that came are not RESP
};
using Arrival = std::variant<resp::Reply, NothingCame, ServerClosed, NoReply>;

/// How long nothing must come before "nothing comes" is believed.
inline constexpr Milliseconds kQuiet{60};

/// The multibulk form of a command.
std::string encode_command(std::span<const std::string> words);

class RawClient {
 public:
  /// Connects to 127.0.0.1.  Throws std::runtime_error when nobody accepts.
  explicit RawClient(int port);
  /// Connects to a Unix socket.
  explicit RawClient(const std::string& socket_path);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&& other) noexcept;

  /// Sends these bytes.  That the server has closed shows in what is read next, not here.
  void write(std::string_view bytes);

  /// Sends a command as a multibulk request and awaits nothing.
  template <typename... Words>
  void send(const Words&... words) {
    write(encode_command(std::vector<std::string>{std::string(words)...}));
  }

  /// Sends a command and reads one reply.
  template <typename... Words>
  resp::Reply operator()(const Words&... words) {
    send(words...);
    return read();
  }

  /// The next reply or push.  Throws std::runtime_error when none comes in time.
  resp::Reply read();

  /// The next reply, or what came instead of it.  Does not throw.
  Arrival await(Milliseconds patience = reply_patience());

  /// True when the server closes the connection, in time and without another reply.
  bool closed();

  /// True when nothing comes for a while.  What came instead is still there to be read.
  bool nothing_arrives(Milliseconds quiet = kQuiet);

  /// Closes our side.
  void close();
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  explicit RawClient(std::string name, int fd);
  bool receive(Milliseconds patience);

  std::string name_;
  int fd_ = -1;
  bool end_seen_ = false;  // the server has closed
  std::string received_;   // not parsed yet, from position_ on
  size_t position_ = 0;
  resp::ReplyParser parser_;
};

}  // namespace weir::testing
