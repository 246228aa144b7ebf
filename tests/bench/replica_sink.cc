#include "tests/bench/replica_sink.h"

#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"

namespace weir::bench {
namespace {

constexpr uint64_t kAckIntervalNs = 1'000'000'000;
constexpr useconds_t kPauseUs = 1'000;
constexpr size_t kReadBytes = size_t{1} << 20;
constexpr std::string_view kEofMark = "$EOF:";

void send_command(const Fd& fd, std::initializer_list<std::string_view> words) {
  std::string bytes;
  append_command(bytes, words);
  if (send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) throw system_failure("send");
}

void receive(const Fd& fd, std::string& into) {
  std::vector<char> buffer(kReadBytes);
  const ssize_t got = recv(fd.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) throw Failure("the primary closes the connection of its replica");
  into.append(buffer.data(), static_cast<size_t>(got));
}

}  // namespace

ReplicaSink::ReplicaSink(const Endpoint& primary, Reads reads) : fd_(connect_and_ping(primary)) {
  ask(fd_, {"REPLCONF", "listening-port", "1"});
  ask(fd_, {"REPLCONF", "capa", "eof", "capa", "psync2"});
  send_command(fd_, {"PSYNC", "?", "-1"});
  const std::string answer = read_line();
  if (!answer.starts_with("+FULLRESYNC")) throw Failure("PSYNC: " + answer);
  read_snapshot(read_line());
  send_command(fd_, {"REPLCONF", "ACK", "0"});
  thread_ = std::jthread([this, reads](const std::stop_token& stop) { follow(stop, reads); });
}

ReplicaSink::~ReplicaSink() = default;

/// The next one that is not empty: those are signs of life.
std::string ReplicaSink::read_line() {
  for (;;) {
    const size_t end = input_.find('\n');
    if (end == std::string::npos) {
      receive(fd_, input_);
      continue;
    }
    std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) return line;
  }
}

void ReplicaSink::read_snapshot(const std::string& announced) {
  if (announced.starts_with(kEofMark)) {
    const std::string mark = announced.substr(kEofMark.size());
    while (input_.find(mark) == std::string::npos)
      receive(fd_, input_);
  } else {
    const size_t bytes = std::stoul(announced.substr(1));
    while (input_.size() < bytes)
      receive(fd_, input_);
  }
}

void ReplicaSink::follow(const std::stop_token& stop, Reads reads) const {
  std::vector<char> buffer(kReadBytes);
  uint64_t said_ns = now_ns();
  while (!stop.stop_requested()) {
    usleep(kPauseUs);
    if (now_ns() - said_ns > kAckIntervalNs) {
      said_ns = now_ns();
      send_command(fd_, {"REPLCONF", "ACK", "0"});
    }
    if (reads == Reads::kNothing) continue;
    const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0) return;
  }
}

}  // namespace weir::bench
