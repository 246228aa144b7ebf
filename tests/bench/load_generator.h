// The load: many connections in one thread, cheap enough that the server is the bottleneck.
//
//   role "source"   ─► request ─► socket ─► ReplyScanner counts ─► next request        (prebuilt)
//   role "script"   ─► request ─► socket ─► the replies' bytes ─► script makes the next (dependent)
//
// A role is a kind of client, such as producer or consumer; a load is one or more roles.  A request
// is the bytes of one write: one command, or a pipeline of several.  Each connection has at most
// one request on its way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/client_socket.h"
#include "tests/bench/reply_scanner.h"
#include "tests/bench/tls_connection.h"

namespace weir::bench {

struct Request {
  std::string bytes = {};
  size_t replies = 0;  // to wait for before the connection's next turn
};

/// The next request of whichever connection asks; it stays valid until the next call.  Null: there
/// is none (of a role with a rate: none at this moment).
using Source = std::function<const Request*()>;

/// Reads the replies to a connection's last request (empty at its first turn), makes the next one,
/// and returns how many operations the replies completed.  No replies to wait for ends it, or lets
/// it pause.
using Script = std::function<uint64_t(size_t connection, std::string_view replies, Request& next)>;

struct Role {
  size_t connections = 50;
  Source source = {};         // either this: each reply is one operation,
  Script script = {};         // or this: the script counts
  double requests_per_s = 0;  // 0: as fast as the replies come; else the source's rate (first role)
  bool counts = true;         // whether its operations are the load's
  bool waits_forever = false;  // its replies may never come (BLOCK 0): do not wait at the end
  bool pauses = false;  // a script that makes no request is asked again once others had replies
};

/// Requests in turn, for ever.
Source in_turn(std::vector<Request> requests);
/// Each request once.
Source once(std::vector<Request> requests);
/// Requests in turn, `in_all` of them.
Source in_turn(std::vector<Request> requests, size_t in_all);

class LoadGenerator {
 public:
  /// Opens the connections; sends nothing yet.
  LoadGenerator(const Endpoint& endpoint, std::vector<Role> roles);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  /// Runs the load for a while, and leaves it on its way: call again to go on.
  void run_for(double seconds);
  /// Runs the load until every source is empty and every reply has come.
  void run_to_the_end();
  /// Starts no more requests and waits for the replies to those on their way.
  void drain();

  /// Operations and bytes of replies so far.
  uint64_t ops() const { return ops_; }
  uint64_t reply_bytes() const { return reply_bytes_; }

 private:
  struct Connection {
    Fd fd;
    std::unique_ptr<TlsConnection> tls;  // over it; null: without
    size_t role = 0;
    size_t index = 0;         // within the role
    size_t replies_owed = 0;  // 0: idle
    std::string unsent;       // what the socket had no room for
    std::string replies;      // collected for a script
    Request made;             // by a script
    ReplyScanner scanner;
  };

  void start();
  template <typename Done>
  void loop(const Done& done);
  void send_due_requests();
  void take_turn(Connection& connection);
  void ask_paused_again();
  void begin(Connection& connection, const Request& request);
  void send_bytes(Connection& connection, std::string_view bytes);
  void flush(Connection& connection);
  void receive(Connection& connection);
  void take_in(Connection& connection, std::string_view bytes);
  void watch(Connection& connection, uint32_t events, int operation);

  std::vector<Role> roles_;
  std::vector<Connection> connections_;
  std::vector<uint64_t> next_due_ns_;  // of each role with a rate
  std::vector<Connection*> paused_;
  std::vector<char> buffer_;
  Fd epoll_;
  uint64_t ops_ = 0;
  uint64_t reply_bytes_ = 0;
  size_t on_their_way_ = 0;  // connections with replies owed that will come
  bool started_ = false;
  bool draining_ = false;
  bool spins_ = false;  // a rate is kept by never sleeping
};

}  // namespace weir::bench
