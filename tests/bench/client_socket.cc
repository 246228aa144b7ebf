#include "tests/bench/client_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/reply_scanner.h"

namespace weir::bench {
namespace {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Fd connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw Failure("socket path is too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  return fd.is_open() && connect(fd.get(), any, sizeof address) == 0 ? std::move(fd) : Fd();
}

Fd connect_tcp(uint16_t port) {
  const sockaddr_in address = loopback(port);
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  if (!fd.is_open() || connect(fd.get(), any, sizeof address) != 0) return {};
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return fd;
}

template <typename Words>
void append_words(std::string& bytes, const Words& words) {
  bytes += "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n";
    bytes.append(word);
    bytes += "\r\n";
  }
}

/// The bytes of exactly one reply.
std::string read_reply(const Fd& fd, std::chrono::milliseconds patience) {
  std::string reply;
  ReplyScanner scanner;
  std::array<char, size_t{16} * 1024> chunk;
  while (true) {
    pollfd readable{.fd = fd.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&readable, 1, static_cast<int>(patience.count()));
    throw_if_interrupted();
    if (ready == 0)
      throw Failure("no reply within " + std::to_string(patience.count() / 1000) + " s");
    const ssize_t got = ready < 0 ? -1 : read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_failure("read");
    if (got == 0) throw Failure("the server closed the connection");
    reply.append(chunk.data(), static_cast<size_t>(got));
    if (scanner.feed({chunk.data(), static_cast<size_t>(got)}) > 0) return reply;
    if (!scanner.error().empty()) throw Failure(scanner.error());
  }
}

void send_all(const Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw system_failure("send");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Fd::~Fd() {
  if (number_ >= 0) close(number_);
}

Fd try_connect(const Endpoint& endpoint) {
  return endpoint.unix_path.empty() ? connect_tcp(endpoint.port) : connect_unix(endpoint.unix_path);
}

Fd connect_and_ping(const Endpoint& endpoint) {
  Fd fd = try_connect(endpoint);
  if (!fd.is_open()) throw system_failure("connect");
  ask(fd, {"PING"});
  return fd;
}

void make_nonblocking(const Fd& fd) {
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

void append_command(std::string& bytes, std::initializer_list<std::string_view> words) {
  append_words(bytes, words);
}

void append_command(std::string& bytes, std::span<const std::string> words) {
  append_words(bytes, words);
}

std::string ask(const Fd& fd, std::initializer_list<std::string_view> words,
                std::chrono::milliseconds patience) {
  std::string request;
  append_command(request, words);
  send_all(fd, request);
  std::string reply = read_reply(fd, patience);
  const bool is_bulk = reply[0] == '$';
  reply.erase(0, is_bulk ? reply.find('\n') + 1 : 1);
  if (reply.size() >= 2) reply.resize(reply.size() - 2);
  return reply;
}

void run_requests(const Fd& fd, std::string requests) {
  append_command(requests, {"PING"});  // its reply, a PONG of our own, is the last one
  send_all(fd, requests);
  constexpr std::string_view kLast = "+PONG\r\n";
  std::vector<char> buffer(1 << 20);
  std::string end;
  while (!end.ends_with(kLast)) {
    const ssize_t got = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) throw Failure("the server does not answer");
    const std::string_view text(buffer.data(), static_cast<size_t>(got));
    if (end.empty() && text.starts_with('-')) throw Failure(std::string(text));
    end.append(text);
    end.erase(0, end.size() - std::min(end.size(), kLast.size()));
  }
}

uint16_t free_port() {
  sockaddr_in address = loopback(0);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t bytes = sizeof address;
  const Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(fd.get(), any, bytes) != 0 || getsockname(fd.get(), any, &bytes) != 0) {
    throw system_failure("find a free port");
  }
  return ntohs(address.sin_port);
}

}  // namespace weir::bench
