// Connections whose other end takes little at a time.
#include "server/net/client_io.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/net/socket.h"
#include "tests/support/certificates.h"
#include "tests/support/patience.h"
#include "tests/support/quiet_clients.h"
#include "tests/support/tls_rules.h"

namespace weir::testing {
namespace {

/// Answers each request with OK.  The other end is read and written by hand.
class NarrowServer : public QuietClients {
 public:
  NarrowServer() {
    const KeyPair own = certificates_.issue("both", {.chain_length = 40});
    use(tls_, tls_settings(certificates_, own));
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    constexpr int kSocketBytes = 4096;
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof(int));
    client = &table.add(fds[0], true, 0);  // owns it
    client->tls = tls_.accept(fds[0]);
    io.start(*client);
    peer_fd_ = Fd(fds[1]);
    peer = tls_.connect(fds[1]);
  }
  ~NarrowServer() override { io.close(*client); }  // its watches do not outlive the loop
  NarrowServer(const NarrowServer&) = delete;
  NarrowServer& operator=(const NarrowServer&) = delete;

  void turn() {
    loop_.poll([this] { return io.end_of_turn(); });
  }
  /// What the other end has by now.
  void read_into(std::string& all) const {
    char bytes[1000];
    const ssize_t got = peer->read(bytes, sizeof(bytes));
    if (got > 0) all.append(bytes, static_cast<size_t>(got));
  }

  // --- RequestHandler
  void handle(Client& asker, std::span<const std::string_view>) override { asker.reply.ok(); }
  void encrypted(Client&) override { ++handshakes; }

 private:
  Certificates certificates_;
  Tls tls_;
  EventLoop loop_;
  Fd peer_fd_;

 public:
  ClientIo io{loop_, *this};
  Client* client = nullptr;
  std::unique_ptr<TlsSession> peer;
  int handshakes = 0;
};

/// Has more to send in plain text than its socket takes, until the other end reads it by hand.
class LoadedServer : public QuietClients {
 public:
  LoadedServer() {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    constexpr int kSocketBytes = 4096;
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof(int));
    client = &table.add(fds[0], true, 0);  // owns it
    io.start(*client);
    peer = Fd(fds[1]);
    output = std::string(1'000'000, 'x');
    client->output.append(output);
  }
  ~LoadedServer() override { io.close(*client); }  // its watches do not outlive the loop
  LoadedServer(const LoadedServer&) = delete;
  LoadedServer& operator=(const LoadedServer&) = delete;

 private:
  EventLoop loop_;

 public:
  ClientIo io{loop_, *this};
  Client* client = nullptr;
  Fd peer;
  std::string output;
};

/// Whose requests take a time that the test says, with as many clients as it wants.
class SlowServer : public QuietClients {
 public:
  explicit SlowServer(uint64_t request_ns) : request_ns_(request_ns) {}
  ~SlowServer() override {
    for (const auto& [id, client] : table)
      io.close(*client);  // its watches do not outlive the loop
  }
  SlowServer(const SlowServer&) = delete;
  SlowServer& operator=(const SlowServer&) = delete;

  /// A client that has sent so many requests at once.
  void add_sender(int requests) {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    io.start(table.add(fds[0], true, 0));  // owns it
    peers_.emplace_back(fds[1]);
    std::string bytes;
    for (int i = 0; i < requests; ++i)
      bytes += "PING\r\n";
    REQUIRE(write(fds[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  /// How many requests were run in one turn, which begins with what was left over.
  int turn() {
    const int before = handled_;
    loop_.poll([this] {
      io.run_left_overs();
      return io.end_of_turn();
    });
    return handled_ - before;
  }

  // --- RequestHandler
  void begin_batch() override { batch_ns_ = 0; }
  uint64_t batch_ns() override { return batch_ns_; }
  void handle(Client& asker, std::span<const std::string_view>) override {
    asker.reply.ok();
    batch_ns_ += request_ns_;
    ++handled_;
  }

 private:
  uint64_t request_ns_;
  uint64_t batch_ns_ = 0;
  int handled_ = 0;
  EventLoop loop_;
  std::vector<Fd> peers_;

 public:
  ClientIo io{loop_, *this};
};

}  // namespace

TEST_CASE("A pipeline has 0.2 ms of a turn, and then its share of 1 ms for all that have more") {
  constexpr uint64_t kRequestNs = 50'000;
  constexpr int kShare = 4;   // requests in 0.2 ms
  constexpr int kShares = 5;  // in 1 ms
  constexpr int kSenders = 20;
  SlowServer server(kRequestNs);
  for (int i = 0; i < kSenders; ++i)
    server.add_sender(3 * kShare);
  // All have sent, and each has its share; then the first ones have another.
  CHECK(server.turn() == (kSenders + kShares) * kShare);
  for (int left = 2 * kSenders - kShares; left > 0; left -= kShares)
    CHECK(server.turn() == kShares * kShare);
  CHECK(server.turn() == 0);
}

TEST_CASE("A handshake that a client does not read at once goes on when it does", "[tls]") {
  NarrowServer server;
  std::string got;
  int waits = 0;
  REQUIRE(wait_until([&] {
    server.read_into(got);
    server.turn();
    if (server.client->tls->wants_write()) ++waits;
    return server.handshakes > 0;
  }));
  CHECK(waits > 1);
  REQUIRE(server.peer->write("PING\r\n", 6) == 6);
  REQUIRE(wait_until([&] {
    server.turn();
    server.read_into(got);
    return !got.empty();
  }));
  CHECK(got == "+OK\r\n");
  CHECK(server.handshakes == 1);
}

TEST_CASE("A client that reads on gets the rest of its replies from a server that ends") {
  constexpr int kPatienceMs = 60'000;
  LoadedServer server;
  std::string got;
  std::thread reader([&] {
    char bytes[10'000];
    pollfd socket{server.peer.get(), POLLIN, 0};
    while (got.size() < server.output.size() && poll(&socket, 1, kPatienceMs) > 0) {
      const ssize_t size = read(server.peer.get(), bytes, sizeof(bytes));
      if (size <= 0) break;
      got.append(bytes, static_cast<size_t>(size));
    }
  });
  server.io.send_rest(*server.client, kPatienceMs);
  shutdown(server.client->fd, SHUT_WR);
  reader.join();
  CHECK(got.size() == server.output.size());
  CHECK((got == server.output));
}

TEST_CASE("Who has read all of its output may be above the soft limit anew") {
  LoadedServer server;
  server.client->output_soft_since_ms = 5;
  server.io.send_rest(*server.client, 0);  // as much as the socket takes
  CHECK(server.client->output_soft_since_ms == 5);
  std::string bytes(server.output.size(), ' ');
  while (!server.client->output.empty() && read(server.peer.get(), bytes.data(), bytes.size()) > 0)
    server.io.send_rest(*server.client, 0);
  CHECK(server.client->output.empty());
  CHECK(server.client->output_soft_since_ms < 0);
}

TEST_CASE("A server that ends does not wait for a client that reads nothing more") {
  LoadedServer server;
  server.io.send_rest(*server.client, 1);
  CHECK_FALSE(server.client->output.empty());
  CHECK_FALSE(server.client->closed);
}

}  // namespace weir::testing
