#include "tests/bench/load_generator.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <memory>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/failure.h"
#include "tests/bench/machine.h"

namespace weir::bench {
namespace {

constexpr size_t kReadBytes = size_t{256} * 1024;
constexpr int kEventsPerWait = 256;
constexpr int kWaitMs = 100;
constexpr uint64_t kSilenceNs = 10'000'000'000;
constexpr uint64_t kCatchUpRequests = 10;  // a rate forgives being later than so many

}  // namespace

Source in_turn(std::vector<Request> requests) {
  auto all = std::make_shared<const std::vector<Request>>(std::move(requests));
  return [all, next = size_t{0}]() mutable {
    if (next == all->size()) next = 0;
    return &(*all)[next++];
  };
}

Source once(std::vector<Request> requests) {
  const size_t all = requests.size();
  return in_turn(std::move(requests), all);
}

Source in_turn(std::vector<Request> requests, size_t in_all) {
  return [turns = in_turn(std::move(requests)), left = in_all]() mutable -> const Request* {
    if (left == 0) return nullptr;
    --left;
    return turns();
  };
}

LoadGenerator::LoadGenerator(const Endpoint& endpoint, std::vector<Role> roles)
    : roles_(std::move(roles)), buffer_(kReadBytes), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.is_open()) throw system_failure("epoll_create1");
  next_due_ns_.resize(roles_.size());
  for (size_t role = 0; role < roles_.size(); ++role) {
    assert(!roles_[role].source != !roles_[role].script);
    assert(roles_[role].requests_per_s == 0 || roles_[role].source);
    spins_ = spins_ || roles_[role].requests_per_s > 0;
    for (size_t index = 0; index < roles_[role].connections; ++index) {
      Connection& connection = connections_.emplace_back();
      if (endpoint.is_tls) {
        connection.fd = try_connect(endpoint);
        if (!connection.fd.is_open()) throw system_failure("connect");
        connection.tls = std::make_unique<TlsConnection>(connection.fd);
      } else {
        connection.fd = connect_and_ping(endpoint);
      }
      connection.role = role;
      connection.index = index;
      make_nonblocking(connection.fd);
    }
  }
  for (Connection& connection : connections_)
    watch(connection, EPOLLIN, EPOLL_CTL_ADD);
}

LoadGenerator::~LoadGenerator() = default;

void LoadGenerator::run_for(double seconds) {
  start();
  const uint64_t end_ns = now_ns() + static_cast<uint64_t>(seconds * 1e9);
  loop([end_ns] { return now_ns() >= end_ns; });
}

void LoadGenerator::run_to_the_end() {
  start();
  loop([this] { return on_their_way_ == 0; });
}

void LoadGenerator::drain() {
  draining_ = true;
  loop([this] { return on_their_way_ == 0; });
}

void LoadGenerator::start() {
  if (started_) return;
  started_ = true;
  for (Connection& connection : connections_) {
    if (roles_[connection.role].requests_per_s == 0) take_turn(connection);
  }
  std::fill(next_due_ns_.begin(), next_due_ns_.end(), now_ns());
}

template <typename Done>
void LoadGenerator::loop(const Done& done) {
  std::array<epoll_event, kEventsPerWait> events;
  uint64_t heard_at_ns = now_ns();
  while (!done()) {
    throw_if_interrupted();
    if (spins_) send_due_requests();
    const int ready = epoll_wait(epoll_.get(), events.data(), kEventsPerWait, spins_ ? 0 : kWaitMs);
    if (ready <= 0) {
      const bool silent = on_their_way_ > 0 && now_ns() - heard_at_ns > kSilenceNs;
      if (silent) throw Failure("no reply within 10 s");
      continue;
    }
    heard_at_ns = now_ns();
    for (int i = 0; i < ready; ++i) {
      Connection& connection = *static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
      if ((events[static_cast<size_t>(i)].events & EPOLLOUT) != 0) flush(connection);
      receive(connection);
    }
    ask_paused_again();
  }
}

void LoadGenerator::ask_paused_again() {
  for (Connection* connection : std::exchange(paused_, {}))
    take_turn(*connection);
}

void LoadGenerator::send_due_requests() {
  if (draining_) return;
  const uint64_t now = now_ns();
  for (Connection& connection : connections_) {
    const Role& role = roles_[connection.role];
    if (role.requests_per_s == 0) break;  // roles with a rate come first
    uint64_t& due_ns = next_due_ns_[connection.role];
    if (now < due_ns || connection.replies_owed > 0) continue;
    const auto interval_ns = static_cast<uint64_t>(1e9 / role.requests_per_s);
    due_ns = std::max(due_ns + interval_ns, now - kCatchUpRequests * interval_ns);
    take_turn(connection);
  }
}

/// The connection is idle: gives it its next request, if there is one.
void LoadGenerator::take_turn(Connection& connection) {
  const Role& role = roles_[connection.role];
  if (role.script) {
    connection.made.bytes.clear();
    connection.made.replies = 0;
    const uint64_t ops = role.script(connection.index, connection.replies, connection.made);
    if (role.counts) ops_ += ops;
    connection.replies.clear();
    if (draining_) return;
    if (connection.made.replies > 0) {
      begin(connection, connection.made);
    } else if (role.pauses) {
      paused_.push_back(&connection);
    }
  } else if (!draining_) {
    const Request* request = role.source();
    if (request != nullptr) begin(connection, *request);
  }
}

void LoadGenerator::begin(Connection& connection, const Request& request) {
  assert(request.replies > 0);
  connection.replies_owed = request.replies;
  if (!roles_[connection.role].waits_forever) ++on_their_way_;
  send_bytes(connection, request.bytes);
}

void LoadGenerator::send_bytes(Connection& connection, std::string_view bytes) {
  const ssize_t sent = connection.tls
                           ? connection.tls->write(bytes)
                           : send(connection.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) throw system_failure("send");
  const size_t done = sent < 0 ? 0 : static_cast<size_t>(sent);
  if (done == bytes.size()) return;
  connection.unsent = bytes.substr(done);
  watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

void LoadGenerator::flush(Connection& connection) {
  const std::string bytes = std::move(connection.unsent);
  connection.unsent.clear();
  send_bytes(connection, bytes);
  if (connection.unsent.empty()) watch(connection, EPOLLIN, EPOLL_CTL_MOD);
}

void LoadGenerator::receive(Connection& connection) {
  ssize_t got = 0;
  do {
    got = connection.tls ? connection.tls->read(buffer_.data(), buffer_.size())
                         : read(connection.fd.get(), buffer_.data(), buffer_.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) throw system_failure("read");
    if (got == 0) throw Failure("the server closed a connection");
    take_in(connection, {buffer_.data(), static_cast<size_t>(got)});
  } while (connection.tls);  // what OpenSSL holds back, no socket will tell of
}

void LoadGenerator::take_in(Connection& connection, std::string_view bytes) {
  const Role& role = roles_[connection.role];
  if (role.counts) reply_bytes_ += bytes.size();
  if (role.script) connection.replies.append(bytes);
  const size_t replies = connection.scanner.feed(bytes);
  if (!connection.scanner.error().empty()) throw Failure(connection.scanner.error());
  if (replies == 0) return;
  if (replies > connection.replies_owed) throw Failure("more replies than commands");
  connection.replies_owed -= replies;
  if (role.counts && role.source) ops_ += replies;
  if (connection.replies_owed > 0) return;
  if (!role.waits_forever) --on_their_way_;
  if (role.requests_per_s == 0) take_turn(connection);
}

void LoadGenerator::watch(Connection& connection, uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &connection;
  if (epoll_ctl(epoll_.get(), operation, connection.fd.get(), &event) != 0) {
    throw system_failure("epoll_ctl");
  }
}

}  // namespace weir::bench
