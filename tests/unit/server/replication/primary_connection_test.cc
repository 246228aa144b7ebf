// The socket to a primary whose other end takes nothing for a while.
#include "server/replication/primary_connection.h"

#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/server/address.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_rules.h"

namespace weir::testing {
namespace {

constexpr size_t kMuch = 8'000'000;  // more than a socket takes

struct SceneOptions {
  bool is_tls = false;
  int chain_length = 0;  // certificates behind each one's own
  int socket_bytes = 0;  // what the connection may send at once; 0: much
};

/// A connection and a listener that its test reads by hand.
class Scene {
 public:
  explicit Scene(const SceneOptions& options = {}) {
    const bool is_tls = options.is_tls;
    if (is_tls) {
      const KeyPair own = certificates_.issue("both", {.chain_length = options.chain_length});
      use(tls_, tls_settings(certificates_, own));
    }
    if (options.socket_bytes > 0) narrow(listener_.socket.fd(), SO_RCVBUF, options.socket_bytes);
    connection_.on_connected = [this] { is_connected_ = true; };
    connection_.on_bytes = [] {};
    connection_.on_lost = [this](const std::string& why) { lost_ = why; };
    REQUIRE(connection_.open({.host = "127.0.0.1", .port = listener_.port, .is_tls = is_tls}) ==
            "");
    if (options.socket_bytes > 0) narrow(connection_.fd(), SO_SNDBUF, options.socket_bytes);
    peer_ = Fd(::accept4(listener_.socket.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    REQUIRE(peer_.is_open());
    if (is_tls) session_ = tls_.accept(peer_.get());
  }

  /// Turns until it is connected and the other end has so many bytes.
  std::string received(size_t bytes) {
    std::string all;
    REQUIRE(wait_until([&] {
      turn();
      read_into(all);
      return is_connected_ && all.size() >= bytes;
    }));
    return all;
  }
  /// What the other end has by now.
  void read_into(std::string& all) {
    char bytes[65536];
    for (;;) {
      const ssize_t got = session_ ? session_->read(bytes, sizeof(bytes))
                                   : ::recv(peer_.get(), bytes, sizeof(bytes), 0);
      if (got > 0) all.append(bytes, static_cast<size_t>(got));
      if (got <= 0) return;
    }
  }
  void turn() {
    loop_.poll([] { return false; });
  }
  void send(std::string_view text) {
    resp::Buffer bytes;
    bytes.append(text);
    connection_.send(bytes);
    CHECK(bytes.empty());
  }
  /// Whether the connection waits until it can send more.
  bool is_full() const {
    pollfd socket{.fd = connection_.fd(), .events = POLLOUT, .revents = 0};
    return ::poll(&socket, 1, 0) == 0;
  }
  const std::string& lost() const { return lost_; }

 private:
  static void narrow(int fd, int option, int bytes) {
    REQUIRE(setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes)) == 0);
  }

  Certificates certificates_;
  EventLoop loop_;
  Tls tls_;
  TakenPort listener_;
  Fd peer_;
  std::unique_ptr<TlsSession> session_;
  bool is_connected_ = false;
  std::string lost_;
  PrimaryConnection connection_{loop_, tls_};
};

/// Numbers, so that nothing can be lost or doubled unseen.
std::string much() {
  std::string text;
  for (int n = 0; text.size() < kMuch; ++n)
    text += std::to_string(n) + ",";
  return text;
}

}  // namespace

TEST_CASE("What a primary does not read at once it gets when it does, in order", "[replica]") {
  const bool is_tls = GENERATE(false, true);
  CAPTURE(is_tls);
  Scene scene({.is_tls = is_tls});
  CHECK(scene.received(0) == "");  // but it is connected
  const std::string text = much();
  scene.send(text);
  for (int i = 0; i < 10; ++i)
    scene.turn();
  scene.send("behind it");  // while the socket is full
  CHECK((scene.received(text.size() + 9) == text + "behind it"));
  CHECK(scene.lost() == "");
}

TEST_CASE("A handshake that a primary does not read at once goes on when it does", "[replica]") {
  Scene scene({.is_tls = true, .chain_length = 40, .socket_bytes = 4096});
  scene.send("first");
  bool was_full = false;
  std::string got;
  REQUIRE(wait_until([&] {
    scene.turn();
    was_full = was_full || scene.is_full();
    scene.read_into(got);
    return !got.empty();
  }));
  CHECK(was_full);
  CHECK(got == "first");
  CHECK(scene.lost() == "");
}

}  // namespace weir::testing
