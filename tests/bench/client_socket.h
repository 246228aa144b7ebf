// The client's end of one connection, and the few commands that are sent outside of the load.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weir::bench {

/// An open file descriptor; closed with its owner.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// Where a server listens: the unix socket when `unix_path` is set, else 127.0.0.1:`port`.
struct Endpoint {
  uint16_t port = 0;
  std::string unix_path = {};
  bool is_tls = false;
};

/// Connects (blocking).  The Fd is not open when nobody listens; errno says why.
Fd try_connect(const Endpoint& endpoint);

/// Connects and waits for one PONG, so that the server knows of the connection.  Closing it resets
/// it, so that thousands of them leave no ports in TIME_WAIT.
Fd connect_and_ping(const Endpoint& endpoint);

void make_nonblocking(const Fd& fd);

/// Appends `words` as one request to `bytes`.
void append_command(std::string& bytes, std::initializer_list<std::string_view> words);
void append_command(std::string& bytes, std::span<const std::string> words);

/// Sends one command and waits for its reply: the text of a status, integer or bulk string.
/// An error reply, or no reply in time, is a Failure.
std::string ask(const Fd& fd, std::initializer_list<std::string_view> words,
                std::chrono::milliseconds patience = std::chrono::seconds(10));

/// Sends requests, however many, and waits for all their replies.  It is a Failure if the first
/// one is an error, or the server does not take or answer them.
void run_requests(const Fd& fd, std::string requests);

/// A port of 127.0.0.1 that nobody listens on at the moment.
uint16_t free_port();

}  // namespace weir::bench
