// What a server sees of the system by file descriptors, without a system: sockets, moments,
// counters, and who waits for them.
//
//   server ─ send() ─► End ──► on its way: latency, a partition holds it ──► End ─ recv() ─► server
//                                                                             └─► a client's
//                                                                             on_input
//
// A descriptor from kFirstFd on is one of these.  A connection's two ends know each other; bytes
// arrive in order, in pieces, after a while.  A machine that is killed closes its ends; one that
// loses power says nothing, and the others learn of it late.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/epoll.h>

#include "tests/simulation/scheduler.h"

namespace weir::simulation {

inline constexpr int kFirstFd = 4096;
/// Clients are on none of the machines.
inline constexpr int kOutside = -1;

/// What a descriptor stands for.
struct Thing {
  int machine = kOutside;
  int descriptors = 0;

  explicit Thing(int owner) : machine(owner) {}
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;
  virtual ~Thing() = default;
  /// Of EPOLLIN, EPOLLOUT, …: what it is ready for.
  virtual uint32_t ready() const { return 0; }
  virtual void closed() {}
};

struct Alarm final : Thing {
  using Thing::Thing;
  uint64_t order = 0;  // how often it was set
  bool is_over = false;
  uint32_t ready() const override { return is_over ? EPOLLIN : 0U; }
};

struct Counter final : Thing {
  using Thing::Thing;
  uint64_t value = 0;
  uint32_t ready() const override { return value > 0 ? EPOLLIN : 0U; }
};

struct Watching final : Thing {
  using Thing::Thing;
  struct Interest {
    epoll_event event{};
    bool has_news = true;  // since it was told of last, for those that want only that
  };
  std::map<int, Interest> interests;
};

class Network;

/// One end of a connection, or a socket that is none yet.
struct End final : Thing {
  End(Network& owner_network, int owner) : Thing(owner), network(owner_network) {}
  uint32_t ready() const override;
  void closed() override;

  Network& network;
  std::shared_ptr<End> peer;
  int port = 0;
  int peer_port = 0;
  bool is_connecting = false;
  bool is_connected = false;
  bool is_closed = false;
  bool has_end = false;  // nothing more comes
  int error = 0;
  std::string input;
  struct Piece {
    int64_t arrives_ns = 0;
    std::string bytes{};
    bool is_end = false;
    bool is_reset = false;
  };
  std::deque<Piece> coming;
  size_t coming_bytes = 0;
  // Of a client.
  std::function<void()> on_input;
  std::function<void(std::string_view)> on_leaving;  // what is sent to it

  // As a listener.
  bool is_listening = false;
  std::deque<std::shared_ptr<End>> accepted;

  /// Bytes that the other end takes now.
  size_t room() const;
};

class Network {
 public:
  explicit Network(Scheduler& scheduler);

  // --- Descriptors
  int open(std::shared_ptr<Thing> thing);
  int duplicate(int fd);
  int close(int fd);
  template <class T>
  std::shared_ptr<T> find(int fd) const {
    const auto at = things_.find(fd);
    return at == things_.end() ? nullptr : std::dynamic_pointer_cast<T>(at->second);
  }
  bool is_ours(int fd) const { return fd >= kFirstFd; }
  /// Something about it is different.
  void news(const Thing& thing);

  // --- As the calls of the system of the same names; -1 and errno.
  int listen(int fd, int port);
  int connect(int fd, int port);
  int accept(int fd);
  ssize_t send(int fd, std::string_view bytes);
  ssize_t receive(int fd, char* at, size_t room);
  int control(int watching, int operation, int fd, const epoll_event* event);
  int wait(int watching, epoll_event* events, int most, int timeout_ms);
  void set_alarm(int fd, int64_t delay_ns);

  // --- Clients
  /// Null if nobody listens there.
  std::shared_ptr<End> connect_from_outside(int port);
  bool push(const std::shared_ptr<End>& end, std::string_view bytes);
  std::string take(End& end);
  void hang_up(const std::shared_ptr<End>& end);

  /// A machine has received that from another one.
  std::function<void(int machine, std::string_view bytes)> on_received;

  // --- What befalls it
  /// Nothing arrives there from the one: half of a partition.
  void part(int from, int to) { partitions_.insert({from, to}); }
  void heal();
  bool is_parted(int from, int to) const { return partitions_.contains({from, to}); }
  /// Its descriptors are gone; others learn of it: soon, or not before long.
  void cut_off(int machine, bool is_silent);
  void reset_some(int machine);
  /// All that it has with other machines.
  void reset_links(int machine);
  int64_t most_latency_ns = 2 * kNsPerMs;
  size_t buffer_bytes = 65536;

 private:
  friend struct End;
  void deliver(const std::shared_ptr<End>& to);
  void dispatch(const std::shared_ptr<End>& to, End::Piece piece);
  void reset(const std::shared_ptr<End>& to, int64_t delay_ns);
  void reset_those(int machine, const std::function<bool(const End&)>& is_one);
  void establish(const std::shared_ptr<End>& end, int port);
  std::shared_ptr<End> pair_up(const std::shared_ptr<End>& from, const std::shared_ptr<End>& at);
  std::shared_ptr<End> listener_at(int port) const;

  Scheduler& scheduler_;
  std::map<int, std::shared_ptr<Thing>> things_;
  std::vector<std::weak_ptr<End>> ends_;  // for those on their way when a partition ends
  std::set<std::pair<int, int>> partitions_;
  int next_port_ = 40000;
};

}  // namespace weir::simulation
