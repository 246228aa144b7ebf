// The replicas of this server: who they are, what they are sent, and how far they have come.
//
//   REPLCONF ─► traits ─► PSYNC ──┬─ +CONTINUE ──────────────────────────► the stream
//                                 └─ waits for a snapshot (full_sync) ──► the stream
//   REPLCONF ACK ─► WAIT, WAITAOF, the gate of replies, min-replicas-to-write
//
//   each turn:  GETACK, if somebody waits ─► everything told is in the stream ─► snapshots begin
//               ─► the sockets of replicas are looked at
//
// Always: a connection is a replica from PSYNC to its end; the backlog keeps what any of them still
// needs, until client-output-buffer-limit closes that one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/clock.h"
#include "server/net/client_io.h"
#include "server/net/client_table.h"
#include "server/replication/full_sync.h"
#include "server/replication/replica.h"
#include "server/replication/stream.h"
#include "server/settings.h"

namespace weir {

/// The name under which commands wait until a replica has acknowledged more.
inline constexpr std::string_view kAckKey{"\0acknowledged", 13};

class Replicas {
 public:
  struct Parts {
    const Settings& settings;
    const Clock& clock;
    ReplicationStream& stream;
    Propagation& propagation;
    SnapshotRunner& runner;
    EventLoop& loop;
    ClientIo& io;
    Log& log;
    FileSystem& files;
  };
  /// All outlive it.
  explicit Replicas(const Parts& parts);

  /// Everything that was told goes to the log and into the stream.
  std::function<void()> pass_on;
  /// Somebody acknowledged more, came or went.
  std::function<void()> on_news;
  /// PSYNC ... FAILOVER: this server is to be the primary from now on.
  std::function<void()> take_over;

  // --- What connections say
  ReplicaTraits& traits_of(const Client& client) { return traits_[client.id]; }
  struct Request {
    std::string_view id;
    std::optional<int64_t> next;  // number of the first byte that is wanted; none: no number
    bool is_takeover = false;
  };
  /// Empty, or the error that answers it.
  std::string psync(Client& client, const Request& request);
  std::string sync(Client& client);
  void acknowledge(Client& client, int64_t offset, int64_t durable);
  /// The connection is over.
  void forget(const Client& client);

  // --- Now and then
  /// Before the replies of a turn leave.
  void end_turn();
  /// What was told since may leave.  Whether there is anything.
  bool send();
  /// Some of it has left.
  void turn_ended() {
    if (!replicas_.empty()) full_sync_.look_after();
  }
  /// Several times a second.
  void cron();
  /// Replicas are to say how far they are, at the end of this turn.
  void ask_for_acks() { wants_acks_ = true; }
  /// While roles change, nothing is told that nobody asked for.
  void set_quiet(bool is_quiet) { is_quiet_ = is_quiet; }
  /// They have to learn what the history is now: they come again.
  void disconnect_all(std::string_view why);
  /// repl-backlog-size has another value.
  void backlog_size_changed() {
    parts_.stream.set_backlog_bytes(parts_.settings.repl_backlog_size);
  }

  // --- What others ask
  const std::vector<Replica*>& all() const { return replicas_; }
  bool empty() const { return replicas_.empty(); }
  static const Replica* of(const Client& client) {
    return static_cast<const Replica*>(client.shared.get());
  }
  /// Online ones that have acknowledged `offset`; with `durable`, that have it on disk.
  int count_acked(int64_t offset, bool durable) const;
  /// Whether all that are online have `offset`.
  bool all_have(int64_t offset) const;
  /// The greatest offset that `count` of them have.
  int64_t acked_by(int count, bool durable) const;
  /// Whose last word is no older than min-replicas-max-lag.
  int good_count() const;
  /// Whether writes are refused for want of these.
  bool refuses_writes() const;
  /// Seconds since it last said how far it is; 0 while it does not have to.
  int64_t lag_s(const Replica& replica) const;
  /// What is kept of the stream only for replicas that lag.
  size_t bytes_beyond_backlog() const;

  struct Counts {
    uint64_t full = 0;
    uint64_t partial = 0;
    uint64_t partial_refused = 0;
  };
  const Counts& counts() const { return counts_; }
  void reset_counts() { counts_ = Counts(); }

 private:
  static Replica* of(Client& client) { return static_cast<Replica*>(client.shared.get()); }
  std::string refusal(const Client& client) const;
  bool can_continue(std::string_view id, int64_t next, const std::string& name);
  Replica& add(Client& client);
  void begin_full(Replica& replica);
  void say(Replica& replica, std::string_view bytes);
  void close(Replica& replica) { parts_.io.close(replica.client); }
  void every_second();
  static bool has_something_for(Replica& replica);
  void close_silent_ones();
  void free_unused_backlog();
  void trim();

  Parts parts_;
  std::vector<Replica*> replicas_;  // in the order in which they came; owned by their clients
  std::unordered_map<uint64_t, ReplicaTraits>
      traits_;  // by client ID, of those that said something
  FullSync full_sync_;
  Counts counts_;
  int64_t last_second_ms_ = 0;
  int64_t last_ping_ms_ = 0;
  int64_t alone_since_ms_ = 0;
  bool wants_acks_ = false;
  bool is_quiet_ = false;
};

}  // namespace weir
