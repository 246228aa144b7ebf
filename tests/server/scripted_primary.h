// A primary that answers a replica until the replica asks for the stream, and says then what the
// test wants.
//
//   ScriptedPrimary primary;
//   redis("REPLICAOF", "127.0.0.1", primary.port());
//   primary.announce_full_resync(50);               // and the snapshot never comes
#pragma once

#include <stdexcept>
#include <string>

#include "tests/server/address.h"

namespace weir::testing {

class ScriptedPrimary {
 public:
  int port() const { return listener_.port; }

  void announce_full_resync(int64_t offset) {
    accept();
    await("PING\r\n");
    say("+PONG\r\n");
    await("psync2\r\n");
    say("+OK\r\n+OK\r\n");
    await("PSYNC\r\n");
    say("+FULLRESYNC " + std::string(40, 'a') + " " + std::to_string(offset) + "\r\n");
  }

 private:
  void accept() {
    wait_for(listener_.socket.fd());
    connection_ = ::accept(listener_.socket.fd(), nullptr, nullptr);
    owner_ = std::make_unique<OwnSocket>(connection_);
  }
  void say(const std::string& bytes) const {
    send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  /// Reads until these bytes have come.
  void await(std::string_view bytes) {
    while (received_.find(bytes) == std::string::npos) {
      wait_for(connection_);
      char buffer[512];
      const ssize_t got = recv(connection_, buffer, sizeof(buffer), 0);
      if (got <= 0) throw std::runtime_error("the replica has gone");
      received_.append(buffer, static_cast<size_t>(got));
    }
  }
  static void wait_for(int fd) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    const auto patience = static_cast<int>(patient(Milliseconds(5000)).count());
    if (poll(&ready, 1, patience) <= 0) throw std::runtime_error("nothing comes from the replica");
  }

  TakenPort listener_;
  int connection_ = -1;
  std::unique_ptr<OwnSocket> owner_;
  std::string received_;
};

}  // namespace weir::testing
