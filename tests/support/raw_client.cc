#include "tests/support/raw_client.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weir::testing {
namespace {

using resp::Reply;
using resp::ReplyParser;

int connect_to(const sockaddr* address, socklen_t size, const std::string& name) {
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error("socket: " + std::string(std::strerror(errno)));
  if (connect(fd, address, size) != 0) {
    const std::string reason = std::strerror(errno);
    ::close(fd);
    throw std::runtime_error("connect to " + name + ": " + reason);
  }
  return fd;
}

int connect_to_port(int port, const std::string& name) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof(address), name);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

int connect_to_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("path too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof(address), path);
}

}  // namespace

std::string encode_command(std::span<const std::string> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

RawClient::RawClient(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}

RawClient::RawClient(int port)
    : RawClient("port " + std::to_string(port),
                connect_to_port(port, "port " + std::to_string(port))) {}

RawClient::RawClient(const std::string& socket_path)
    : RawClient(socket_path, connect_to_path(socket_path)) {}

RawClient::~RawClient() {
  close();
}

RawClient::RawClient(RawClient&& other) noexcept
    : name_(std::move(other.name_)),
      fd_(std::exchange(other.fd_, -1)),
      end_seen_(other.end_seen_),
      received_(std::move(other.received_)),
      position_(std::exchange(other.position_, 0)),
      parser_(std::move(other.parser_)) {}

RawClient& RawClient::operator=(RawClient&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(fd_, other.fd_);
  std::swap(end_seen_, other.end_seen_);
  std::swap(received_, other.received_);
  std::swap(position_, other.position_);
  std::swap(parser_, other.parser_);
  return *this;
}

void RawClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawClient::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

/// Waits for bytes or the end, and takes them in.  False when neither came.
bool RawClient::receive(Milliseconds patience) {
  if (fd_ < 0 || end_seen_) return true;
  if (!becomes_readable(fd_, patience)) return false;
  char piece[16384];
  const ssize_t got = recv(fd_, piece, sizeof(piece), 0);
  if (got <= 0) {
    end_seen_ = true;
    return true;
  }
  received_.erase(0, std::exchange(position_, 0));
  received_.append(piece, static_cast<size_t>(got));
  return true;
}

Arrival RawClient::await(Milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (true) {
    const std::string_view rest = std::string_view(received_).substr(position_);
    const ReplyParser::Status status = parser_.parse(rest);
    position_ += parser_.consumed();
    if (status == ReplyParser::Status::kReply) return parser_.take();
    if (status == ReplyParser::Status::kError) return NoReply{parser_.error()};
    if (end_seen_ || fd_ < 0) {
      if (parser_.is_between_replies()) return ServerClosed{};
      return NoReply{"the connection ended inside of a reply"};
    }
    if (!receive(Milliseconds(milliseconds_left(deadline)))) return NothingCame{};
  }
}

Reply RawClient::read() {
  Arrival arrival = await();
  if (Reply* reply = std::get_if<Reply>(&arrival)) return std::move(*reply);
  if (std::holds_alternative<ServerClosed>(arrival)) {
    throw std::runtime_error(name_ + ": the server closed the connection instead of a reply");
  }
  if (const NoReply* none = std::get_if<NoReply>(&arrival)) {
    throw std::runtime_error(name_ + ": no RESP: " + none->reason);
  }
  throw std::runtime_error(name_ + ": no reply in time");
}

bool RawClient::closed() {
  return std::holds_alternative<ServerClosed>(await());
}

bool RawClient::nothing_arrives(Milliseconds quiet) {
  if (position_ < received_.size() || !parser_.is_between_replies()) return false;
  return !receive(quiet);
}

}  // namespace weir::testing
