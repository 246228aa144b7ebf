// Snapshots for replicas: one for all that wait for the same, to their sockets or by way of a file.
//
//   kWaiting replicas ──due──► the moment is now: "+FULLRESYNC id offset"
//        │                          ├── to sockets: $EOF:mark ◄── TransferPipe ◄── helper
//        │ an empty line a second   ├── to a file:  … ready ──► $len, each reads it for itself
//        ▼                          └── without data: made at once
//   signs of life
//
// One that is sent to sockets is begun a moment later, so that others can come along; one to a file
// at once, and who comes while it is written may have it, too: the stream behind its moment is kept
// for the others anyway.
//
// Always: what a replica is sent of the stream begins behind the moment of its snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "persistence/file.h"
#include "server/durability/rdb_saving.h"
#include "server/durability/snapshot_runner.h"
#include "server/net/wakeup.h"
#include "server/replication/replica.h"
#include "server/replication/transfer_pipe.h"

namespace weir {

class Log;

class FullSync {
 public:
  using Replicas = std::vector<Replica*>;

  struct Parts {
    const Settings& settings;
    ReplicationStream& stream;
    Propagation& propagation;
    SnapshotRunner& runner;
    EventLoop& loop;
    Log& log;
    FileSystem& files;
  };
  /// All outlive it, as does the list of replicas.
  FullSync(const Parts& parts, const Replicas& replicas);
  ~FullSync();
  FullSync(const FullSync&) = delete;
  FullSync& operator=(const FullSync&) = delete;

  /// Puts it on its way to the replica's socket.
  std::function<void(Replica&, std::string_view bytes)> say;
  /// It cannot be served; it is closed.
  std::function<void(Replica&)> give_up;

  /// A new replica waits.  Whether it can have what is being written.
  void arrived(Replica& replica, int64_t now_ms);
  /// When everything that was told is in the stream: begins what is due.
  void begin_due(int64_t now_ms);
  /// Once a second.
  void show_life();
  /// What all have had, need not be kept; what nobody wants any more, is not written.
  void look_after();

 private:
  struct Running;

  bool is_due(int64_t now_ms) const;
  bool go_together(const Replica& a, const Replica& b) const;
  Replicas next_group() const;
  void begin(const Replicas& group);
  RdbPlan plan_for(const Replica& replica) const;
  void announce(Replica& replica) const;
  void begin_pipe(const Replicas& group);
  void begin_file(const Replicas& group);
  void send_without_data(const Replicas& group);
  void pipe_ended(const IoResult<void>& result, bool is_cancelled);
  void file_ended(const IoResult<void>& result, bool is_cancelled);
  void send_file(Replica& replica, const std::string& path, uint64_t bytes);
  static bool is_for(const Running& running, const Replica& replica);
  void fail();

  Parts parts_;
  const Replicas& replicas_;
  Wakeup wakeup_;
  std::unique_ptr<Running> running_;  // what is being written for replicas
  int64_t first_waits_since_ms_ = 0;
};

}  // namespace weir
