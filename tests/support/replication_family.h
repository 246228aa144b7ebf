// A primary, its replicas and theirs, and what can happen to them.
//
//   0 ◄── 1 ◄── 3        each server has TornLinks in front of it, which its replicas go through
//     ◄── 2              (one that FAILOVER made a replica goes the straight way)
//
// A test lets things happen while others write, and asks in the end whether all have the same.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "tests/support/replication_stage.h"
#include "tests/support/test_server.h"
#include "tests/support/torn_links.h"

namespace weir::testing {

class ReplicationFamily {
 public:
  struct Member {
    std::string binary;
    std::vector<std::string> options;
    size_t parent;  // who it follows at first; the first one is the primary
  };
  /// is_mixed: what only one kind of server knows is not compared.
  ReplicationFamily(const std::vector<Member>& members, uint64_t seed, bool is_mixed);

  /// Connections that begin from now on are torn, or not; those that there are end.
  void set_torn(bool is_torn);
  void cut_all();
  /// Something happens to somebody.
  void mishap();

  /// Waits until all have the same, and the same offset.  Empty, or what differs.
  std::string await_agreement();
  /// What servers complained of, being sent what they could not do.
  std::string complaints() const;

  const std::atomic<int>& primary_port() const { return primary_port_; }
  size_t size() const { return nodes_.size(); }
  Redis connect(size_t node) const { return nodes_[node].server->connect(); }

  struct Syncs {
    uint64_t full = 0;
    uint64_t partial = 0;
    uint64_t refused = 0;
  };
  /// What replicas were given, in all lives of all.
  Syncs syncs() const;
  /// What has happened, in words.
  void report(std::ostream& out) const;

 private:
  struct Node {
    Member member;
    std::unique_ptr<TestServer> server;
    std::unique_ptr<TornLinks> links;
    size_t parent = 0;
    bool goes_straight = false;  // to its parent
  };
  enum Event : uint8_t {
    kKilled,
    kPrimaryKilled,
    kMoved,
    kPromoted,
    kHandedOver,
    kSaved,
    kStopped,
    kLinkKilled,
    kConfigured,
    kEvents
  };

  size_t below(size_t bound) { return random_() % bound; }
  size_t some_replica();
  bool is_above(size_t node, size_t other) const;
  int port_to(const Node& node) const;
  void follow(size_t node);
  void kill(size_t node);
  void move(size_t node);
  void promote(size_t node);
  void hand_over();
  void save(size_t node);
  void stop_for_a_while(size_t node);
  void kill_links(size_t node);
  void configure(size_t node);
  std::string disagreement() const;
  std::string describe(size_t node) const;
  Syncs syncs_of(size_t node) const;

  std::mt19937_64 random_;
  const bool is_mixed_;
  std::vector<Node> nodes_;
  size_t primary_ = 0;
  std::atomic<int> primary_port_ = 0;
  Syncs earlier_;  // of lives that are over
  std::array<uint64_t, kEvents> events_{};
};

}  // namespace weir::testing
