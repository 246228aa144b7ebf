// A primary that answers a replica until the replica asks for the stream, and says then what the
// test wants.
//
//   ScriptedPrimary primary;
//   redis("REPLICAOF", "127.0.0.1", primary.port());
//   primary.announce_full_resync(50);               // and the snapshot never comes
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>

#include "tests/server/address.h"

namespace weir::testing {

class ScriptedPrimary {
 public:
  int port() const { return listener_.port; }

  void announce_full_resync(int64_t offset) {
    shake_hands();
    answer_full_resync(offset);
  }
  /// To who has asked: behind asked_for().
  void answer_full_resync(int64_t offset) const {
    say("+FULLRESYNC " + std::string(40, 'a') + " " + std::to_string(offset) + "\r\n");
  }
  /// Of the next connection: the history, the place and FAILOVER, if wanted, as they come behind
  /// PSYNC.
  std::string asked_for() {
    shake_hands();
    const std::string before = "PSYNC\r\n$40\r\n";
    const size_t at = received_.find(before);
    return at == std::string::npos ? "?" : received_.substr(at + before.size());
  }
  /// The way of a snapshot whose size is known before.  most: bytes of it that are sent.
  void send_file(const std::string& snapshot, size_t most = std::string::npos) const {
    say("$" + std::to_string(snapshot.size()) + "\r\n" + snapshot.substr(0, most));
  }
  void say(const std::string& bytes) const {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t some =
          send(connection_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (some <= 0) throw std::runtime_error("the replica does not read");
      sent += static_cast<size_t>(some);
    }
  }
  void hang_up() { owner_.reset(); }
  /// Reads on until the replica has said this.  Throws std::runtime_error when it does not.
  void await(std::string_view bytes) {
    while (received_.find(bytes) == std::string::npos)
      receive();
  }

 private:
  void shake_hands() {
    accept();
    await("PING\r\n");
    say("+PONG\r\n");
    await("psync2\r\n");
    say("+OK\r\n+OK\r\n");
    await("PSYNC\r\n");
    while (!is_whole())
      receive();
  }
  /// PSYNC and as many words as are announced before it, each behind its length.
  bool is_whole() const {
    const size_t at = received_.find("PSYNC\r\n");
    const int words = received_[at - std::string_view("3\r\n$5\r\n").size()] - '0';
    return std::count(received_.begin() + static_cast<ptrdiff_t>(at), received_.end(), '\n') ==
           2 * words - 1;
  }
  void accept() {
    wait_for(listener_.socket.fd());
    connection_ = ::accept(listener_.socket.fd(), nullptr, nullptr);
    owner_ = std::make_unique<OwnSocket>(connection_);
    received_.clear();
  }
  void receive() {
    wait_for(connection_);
    char buffer[512];
    const ssize_t got = recv(connection_, buffer, sizeof(buffer), 0);
    if (got <= 0) throw std::runtime_error("the replica has gone");
    received_.append(buffer, static_cast<size_t>(got));
  }
  static void wait_for(int fd) {
    if (!becomes_readable(fd, patient(Milliseconds(5000))))
      throw std::runtime_error("nothing comes from the replica");
  }

  TakenPort listener_;
  int connection_ = -1;
  std::unique_ptr<OwnSocket> owner_;
  std::string received_;
};

}  // namespace weir::testing
