// Both ends of TLS as the server has them, over a pair of sockets: what comes in and what it calls.
#include <cerrno>
#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <sys/socket.h>

#include "server/net/socket.h"
#include "server/net/tls.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_rules.h"

namespace weir::testing {
namespace {

struct PairOptions {
  std::string authority_of_client = {};  // "": the same as the server's
  int chain_length = 0;                  // certificates behind the server's own
  int socket_bytes = 0;                  // what the server may send at once; 0: much
};

/// Two ends that trust each other's certificate.
class Pair {
 public:
  explicit Pair(const PairOptions& options = {}) {
    const KeyPair own = certificates_.issue("primary", {.chain_length = options.chain_length});
    const KeyPair as_client = certificates_.issue("replica");
    Settings settings = tls_settings(certificates_, own);
    settings.tls_client_cert_file = as_client.certificate;
    settings.tls_client_key_file = as_client.key;
    use(server_tls_, settings);
    if (!options.authority_of_client.empty())
      settings.tls_ca_cert_file = options.authority_of_client;
    use(client_tls_, settings);
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    if (options.socket_bytes > 0)
      setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &options.socket_bytes, sizeof(int));
    server_fd_ = Fd(fds[0]);
    client_fd_ = Fd(fds[1]);
    server = server_tls_.accept(fds[0]);
    client = client_tls_.connect(fds[1]);
  }

  /// Lets both ends read until the handshake is done or over.
  void shake_hands() {
    for (int i = 0; i < 10; ++i) {
      char byte = 0;
      client->read(&byte, 1);
      server->read(&byte, 1);
    }
  }
  void cut_client() { client_fd_ = Fd(); }
  int raw_client() const { return client_fd_.get(); }

 private:
  Certificates certificates_;
  Tls server_tls_;
  Tls client_tls_;
  Fd server_fd_;
  Fd client_fd_;

 public:
  std::unique_ptr<TlsSession> server;
  std::unique_ptr<TlsSession> client;
};

/// Reads what there is, with so much room at a time.
std::string drain(TlsSession& session, size_t room) {
  std::string all;
  std::string piece(room, '\0');
  do {
    const ssize_t got = session.read(piece.data(), room);
    if (got > 0) all.append(piece, 0, static_cast<size_t>(got));
  } while (session.has_rest());
  return all;
}

TEST_CASE("The replica's end and ours shake hands and exchange bytes", "[tls]") {
  Pair pair;
  CHECK(pair.client->write("early", 5) == -1);
  CHECK(errno == EAGAIN);
  pair.shake_hands();
  REQUIRE(pair.client->is_established());
  REQUIRE(pair.server->is_established());
  CHECK(pair.server->peer_common_name() == "replica");
  CHECK(pair.client->peer_common_name() == "primary");
  CHECK(pair.client->write("PING", 4) == 4);
  CHECK(drain(*pair.server, 100) == "PING");
  CHECK(pair.server->write("PONG", 4) == 4);
  CHECK(drain(*pair.client, 100) == "PONG");
}

TEST_CASE("Our client's end does not accept a server of another authority", "[tls]") {
  const Certificates others;
  Pair pair({.authority_of_client = others.authority()});
  pair.shake_hands();
  CHECK_FALSE(pair.client->is_established());
  CHECK_THAT(pair.client->failure(), Catch::Contains("certificate verify failed"));
  char byte = 0;
  CHECK(pair.client->read(&byte, 1) == -1);
  CHECK(errno == EPROTO);
}

TEST_CASE("However little room there is, nothing stays behind unseen", "[tls]") {
  const size_t room = GENERATE(1, 7, 1000, 16384, 65536);
  Pair pair;
  pair.shake_hands();
  std::string sent;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    const std::string word(1500, letter);
    REQUIRE(pair.client->write(word.data(), word.size()) == static_cast<ssize_t>(word.size()));
    sent += word;
  }
  std::string got;
  while (got.size() < sent.size()) {
    const size_t before = got.size();
    got += drain(*pair.server, room);
    REQUIRE(got.size() > before);
  }
  CHECK((got == sent));
}

TEST_CASE("A write that the socket cuts short is continued where it stopped", "[tls]") {
  Pair pair;
  pair.shake_hands();
  std::string text;
  for (int n = 0; text.size() < 2'000'000; ++n)
    text += std::to_string(n) + ",";
  std::string got;
  size_t sent = 0;
  while (got.size() < text.size()) {
    const ssize_t step =
        sent < text.size() ? pair.client->write(text.data() + sent, text.size() - sent) : 0;
    if (step > 0) sent += static_cast<size_t>(step);
    got += drain(*pair.server, 65536);
  }
  CHECK((got == text));
}

TEST_CASE("A handshake that the socket cuts short is continued when it takes more", "[tls]") {
  Pair pair({.chain_length = 40, .socket_bytes = 4096});
  bool server_had_to_wait = false;
  for (int i = 0; i < 100 && !pair.server->is_established(); ++i) {
    char byte = 0;
    pair.client->read(&byte, 1);
    pair.server->read(&byte, 1);
    server_had_to_wait = server_had_to_wait || pair.server->wants_write();
  }
  CHECK(server_had_to_wait);
  CHECK(pair.server->is_established());
  CHECK_FALSE(pair.server->wants_write());
  CHECK(pair.client->write("PING", 4) == 4);
  CHECK(drain(*pair.server, 100) == "PING");
}

TEST_CASE("The end of a peer is seen behind its last bytes, said or not", "[tls]") {
  const bool says_so = GENERATE(true, false);
  Pair pair;
  pair.shake_hands();
  CHECK(pair.client->write("last", 4) == 4);
  if (says_so) pair.client->shut_down();
  pair.cut_client();
  char bytes[100];
  CHECK(pair.server->read(bytes, sizeof(bytes)) == 4);
  CHECK(pair.server->read(bytes, sizeof(bytes)) == 0);
  CHECK(pair.server->read(bytes, sizeof(bytes)) == 0);
}

TEST_CASE("A peer that goes in the middle of the handshake is gone", "[tls]") {
  Pair pair;
  char byte = 0;
  CHECK(pair.client->read(&byte, 1) == -1);
  pair.cut_client();
  CHECK(pair.server->read(&byte, 1) == -1);
  CHECK(pair.server->read(&byte, 1) <= 0);
  CHECK(errno != EAGAIN);
}

TEST_CASE("What is no record of TLS ends the session", "[tls]") {
  Pair pair;
  pair.shake_hands();
  CHECK(::send(pair.raw_client(), "no record", 9, 0) == 9);
  char byte = 0;
  CHECK(pair.server->read(&byte, 1) == -1);
  CHECK(errno == EPROTO);
  CHECK_FALSE(pair.server->failure().empty());
  CHECK(pair.server->write("x", 1) == -1);
}

}  // namespace
}  // namespace weir::testing
